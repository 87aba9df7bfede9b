package receiver

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Script gives answers in turn; its last one repeats for ever. Safe for many
// goroutines.
type Script struct {
	mu   sync.Mutex
	left []step
}

// step is one answer, given times times.
type step struct {
	answer answer
	times  int
}

type answer struct {
	status   int
	delay    time.Duration
	drop     bool
	location string
}

// AnswerError says what is wrong with one answer of a script.
type AnswerError struct {
	Text, Reason string
}

func (e *AnswerError) Error() string { return fmt.Sprintf("answer %q: %s", e.Text, e.Reason) }

// ParseScript reads answers divided by commas: a status such as 200, slow:DURATION
// (200 after a wait), drop (close without answering), redirect:LOCATION or
// redirect:STATUS:LOCATION. All but redirect may end in xN: N times.
// The error is an *AnswerError.
func ParseScript(text string) (*Script, error) {
	s := &Script{}
	for word := range strings.SplitSeq(text, ",") {
		next, err := parseStep(strings.TrimSpace(word))
		if err != nil {
			return nil, err
		}
		s.left = append(s.left, next)
	}
	return s, nil
}

func (s *Script) next() answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := &s.left[0]
	if current.times > 1 {
		current.times--
	} else if len(s.left) > 1 {
		defer func() { s.left = s.left[1:] }()
	}
	return current.answer
}

func parseStep(word string) (step, error) {
	if location, ok := strings.CutPrefix(word, "redirect:"); ok {
		a, err := parseRedirect(word, location)
		return step{a, 1}, err
	}
	body, times, err := cutTimes(word)
	if err != nil {
		return step{}, err
	}
	a, err := parseAnswer(word, body)
	return step{a, times}, err
}

func cutTimes(word string) (body string, times int, err error) {
	body, count, repeated := strings.Cut(word, "x")
	if !repeated {
		return word, 1, nil
	}
	times, err = strconv.Atoi(count)
	if err != nil || times < 1 {
		return "", 0, &AnswerError{word, "after x comes how often, a number from 1"}
	}
	return body, times, nil
}

func parseAnswer(word, body string) (answer, error) {
	if body == "drop" {
		return answer{drop: true}, nil
	}
	if wait, ok := strings.CutPrefix(body, "slow:"); ok {
		d, err := time.ParseDuration(wait)
		if err != nil || d < 0 {
			return answer{}, &AnswerError{word, "after slow: comes a duration such as 500ms or 2s"}
		}
		return answer{status: 200, delay: d}, nil
	}
	status, err := strconv.Atoi(body)
	if err != nil {
		return answer{}, &AnswerError{word, "use a status such as 200, slow:2s, drop or redirect:/path"}
	}
	if status < 200 || status > 599 {
		return answer{}, &AnswerError{word, "a status goes from 200 to 599"}
	}
	return answer{status: status}, nil
}

func parseRedirect(word, location string) (answer, error) {
	status := 302
	if code, rest, ok := strings.Cut(location, ":"); ok {
		if n, err := strconv.Atoi(code); err == nil {
			status, location = n, rest
		}
	}
	if status < 300 || status > 399 {
		return answer{}, &AnswerError{word, "the status of a redirect goes from 300 to 399"}
	}
	if location == "" || strings.ContainsFunc(location, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return answer{}, &AnswerError{word, "after redirect: comes a path or URL"}
	}
	return answer{status: status, location: location}, nil
}
