package pbx

import (
	"slices"
	"strings"
)

// IsNumber tells whether what is dialled leads to the telephone network: E.164, or the
// digits of it.
func IsNumber(dialled string) bool {
	digits := strings.TrimPrefix(dialled, "+")
	return len(digits) >= 7 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

// e164 is a number as the telephone network knows it: what is dialled without + is read as in
// North America (knm_converters, by its default rules). What is no number stays as it is.
func e164(dialled string) string {
	if strings.HasPrefix(dialled, "+") || !IsNumber(dialled) {
		return dialled
	}
	for _, abroad := range []string{"011", "00"} {
		if rest, ok := strings.CutPrefix(dialled, abroad); ok {
			return "+" + rest
		}
	}
	if len(dialled) == 10 && dialled[0] >= '2' {
		return "+1" + dialled
	}
	return "+" + dialled
}

// classify names the kind of an E.164 number (knm_converters:classify/1, by its default
// classifiers).
func classify(number string) string {
	const (
		tollFree  = "800 822 833 844 855 866 877 880 881 882 883 884 885 886 887 888 889"
		caribbean = "684 264 268 242 246 441 284 345 767 809 829 849 473 671 876 664 670 787 939 869 758 784 721 868 649 340"
	)
	if len(number) < 9 || number[0] != '+' || number[1] == '0' {
		return "unknown"
	}
	national, ok := strings.CutPrefix(number, "+1")
	switch {
	case !ok:
		return "international"
	case len(national) != 10:
		return "unknown"
	case slices.Contains(strings.Fields(tollFree), national[:3]):
		return "tollfree_us"
	case national[:3] == "900":
		return "toll_us"
	case slices.Contains(strings.Fields(caribbean), national[:3]):
		return "caribbean"
	case national[0] < '2' || national[3] < '2':
		return "unknown"
	}
	return "did_us"
}

// outside is the number that a caller of the account shows in the telephone network: an
// extension is unknown there.
func (a Account) outside(callerNumber string) string {
	if strings.HasPrefix(callerNumber, "+") {
		return callerNumber
	}
	if a.Number != "" {
		return a.Number
	}
	return nobodysNumber
}

// nobodysNumber is shown for an account without numbers. It is kept free for fiction.
const nobodysNumber = "+14155550199"
