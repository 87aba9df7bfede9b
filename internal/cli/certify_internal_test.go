package cli

import (
	"errors"
	"testing"

	"github.com/kazoolab/kazoolab/internal/config"
)

func TestWhatGoesWrongInCertifyIsAVerdictOnlyWhereOneWasGiven(t *testing.T) {
	t.Parallel()
	down := errors.New("docker compose down: exit status 1")
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"certified, and its containers stay":      {errors.Join(nil, down), ExitHarness},
		"not conformant, and its containers stay": {errors.Join(&codedError{ExitFailed, errors.New("not conformant")}, down), ExitFailed},
		"not conformant":                          {&codedError{ExitFailed, errors.New("not conformant")}, ExitFailed},
		"a wrong setting":                         {config.Problems{}, ExitUsage},
	} {
		if code := exitCode(noVerdict(c.err)); code != c.code {
			t.Errorf("%s: exit code %d, want %d", name, code, c.code)
		}
	}
	if err := noVerdict(nil); err != nil {
		t.Error(err)
	}
}
