package bus

import (
	"errors"
	"net"
	"testing"

	. "github.com/onsi/gomega"
)

// writes is a connection that notes what is written to it, and fails with err.
type writes struct {
	net.Conn

	made   []string
	closed bool
	err    error
}

func (w *writes) Write(p []byte) (int, error) {
	w.made = append(w.made, string(p))
	return len(p), w.err
}

func (w *writes) Close() error {
	w.closed = true
	return nil
}

func TestWhatIsWrittenTogetherIsOneWrite(t *testing.T) {
	g := NewWithT(t)
	w := &writes{}
	s := &socket{Conn: w}
	write := func(text string) {
		n, err := s.Write([]byte(text))
		g.Expect(n, err).To(Equal(len(text)))
	}
	write("a")
	g.Expect(s.together(func() error {
		write("b")
		g.Expect(s.together(func() error { write("c"); return nil })).To(Succeed())
		write("d")
		g.Expect(w.made).To(Equal([]string{"a"}), "not before the end of the outermost")
		return nil
	})).To(Succeed())
	write("e")
	g.Expect(w.made).To(Equal([]string{"a", "bcd", "e"}))
	g.Expect(s.together(func() error { return nil })).To(Succeed())
	g.Expect(w.made).To(HaveLen(3), "nothing is no write")

	large := string(make([]byte, mostHeld-1))
	g.Expect(s.together(func() error {
		write(large)
		write("fg")
		g.Expect(w.made).To(HaveLen(4), "not more is held than is bounded")
		write("h")
		return nil
	})).To(Succeed())
	g.Expect(w.made[3:]).To(Equal([]string{large + "fg", "h"}))
}

func TestAWriteTogetherThatFailsEndsTheConnection(t *testing.T) {
	g := NewWithT(t)
	w := &writes{err: errors.New("broken pipe")}
	s := &socket{Conn: w}
	g.Expect(s.together(func() error {
		_, err := s.Write([]byte("a"))
		g.Expect(err).NotTo(HaveOccurred(), "who writes has no way to know it yet")
		return nil
	})).To(MatchError(w.err))
	g.Expect(w.closed).To(BeTrue())

	refused := errors.New("refused")
	w.err = nil
	g.Expect(s.together(func() error { return refused })).To(MatchError(refused))
}
