package bus

import (
	"errors"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"
)

// What the broker refuses until somebody changes something there, or the URL. Errors of
// State and of waits wrap one, with the broker's own words and what to do.
var (
	// ErrLogin says that the broker does not take the user name and password.
	ErrLogin = errors.New("the broker refuses the login")
	// ErrNoVhost says that the broker has no virtual host of that name.
	ErrNoVhost = errors.New("the broker has no such virtual host")
	// ErrVhost says that the user may not use the virtual host, at present or at all.
	ErrVhost = errors.New("the broker refuses the virtual host")
	// ErrForbidden says that the user lacks a permission on an exchange or queue.
	ErrForbidden = errors.New("the broker's user lacks a permission")
)

// refusalError is one of the kinds above.
type refusalError struct {
	kind error
	says string
}

func (e *refusalError) Error() string { return e.kind.Error() + ": " + e.says }

// Is makes it one of its kind. It does not unwrap to that: what it says itself is the
// cause to be shown.
func (e *refusalError) Is(target error) bool { return target == e.kind }

// loginRefused explains why a connection was refused. RabbitMQ ends it without a word
// for a wrong password, which the client makes a 403, and with 530 for a virtual host.
func loginRefused(err error) error {
	refusal, ok := errors.AsType[*amqp.Error](err)
	if !ok {
		return err
	}
	switch words := words(refusal); {
	case refusal.Code == amqp.NotAllowed && strings.HasSuffix(words, "not found"):
		return &refusalError{ErrNoVhost, words + "; correct the path of its URL (%2F is /), or make it: rabbitmqctl add_vhost"}
	case refusal.Code == amqp.NotAllowed && strings.Contains(words, "limit"):
		return &refusalError{ErrVhost, words + "; raise the limit, or end other connections"}
	case refusal.Code == amqp.NotAllowed, errors.Is(err, amqp.ErrVhost): // the latter is code 403, too
		return &refusalError{ErrVhost, words + "; give the user permissions in it: rabbitmqctl set_permissions"}
	case refusal.Code == amqp.AccessRefused:
		return &refusalError{ErrLogin, "wrong user or password, or guest from another machine; correct them in its URL"}
	}
	return err
}

// forbidden explains the refusal of an operation on a channel. The broker's words name
// the permission, the exchange or queue, and the user.
func forbidden(err error) error {
	refusal, ok := errors.AsType[*amqp.Error](err)
	if !ok || refusal.Code != amqp.AccessRefused {
		return err
	}
	give := "set_permissions"
	if strings.HasPrefix(words(refusal), "access to topic ") { // those of routing keys are apart
		give = "set_topic_permissions"
	}
	return &refusalError{ErrForbidden, words(refusal) + "; give it: rabbitmqctl " + give}
}

// words are the broker's without the name of their code, as in "ACCESS_REFUSED - ".
func words(refusal *amqp.Error) string {
	if name, rest, ok := strings.Cut(refusal.Reason, " - "); ok && strings.ToUpper(name) == name {
		return rest
	}
	return refusal.Reason
}
