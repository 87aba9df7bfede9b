package apps

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

// Content types of an answer that names none, by what its body is.
const (
	typeJSON = "application/json"
	typeXML  = "text/xml"
)

// longestType bounds content_type, in bytes.
const longestType = 256

// Answer is what a client answers: as much of an HTTP response as matters.
type Answer struct {
	PivotID     string // of the request
	Status      int
	ContentType string
	Body        string
}

// ReadAnswer reads the data of pivot_answer. The error is for the client, and says what
// is wrong with which member.
func ReadAnswer(data jobj.Object) (Answer, error) {
	if len(data) == 0 {
		return Answer{}, ErrNoData
	}
	id, _ := data.Get("pivot_id")
	a := Answer{Status: http.StatusOK}
	var isText bool
	if a.PivotID, isText = id.(string); !isText || a.PivotID == "" {
		return a, invalid("pivot_id must be the request_id of a request")
	}
	if status, there := data.Get("status"); there && status != nil {
		number, _ := status.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil || n < 200 || n > 599 {
			return a, invalid("status must be a whole number from 200 to 599")
		}
		a.Status = n
	}
	if err := a.readBody(data); err != nil {
		return a, err
	}
	if given, there := data.Get("content_type"); there && given != nil {
		a.ContentType, isText = given.(string)
		if !isText || len(a.ContentType) > longestType || strings.ContainsFunc(a.ContentType, control) {
			return a, invalid(fmt.Sprintf("content_type must be a string such as %s, of at most %d bytes", typeJSON, longestType))
		}
	}
	return a, nil
}

// readBody takes the place of an HTTP body. One that is empty means something (the call
// is hung up), so that it must be meant.
func (a *Answer) readBody(data jobj.Object) error {
	a.ContentType = typeXML
	body, there := data.Get("body")
	switch body := body.(type) {
	case string:
		a.Body = body
		return nil
	case jobj.Object:
		a.ContentType = typeJSON
		a.Body = string(jobj.Append(nil, body))
		return nil
	case nil:
		if !there && a.Status != http.StatusOK && a.Status != http.StatusPartialContent {
			return nil // as nobody looks at it
		}
	}
	return invalid("body must be an object, which is a callflow, or a string, which is the text of an HTTP body")
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

func invalid(what string) error { return errors.New("invalid pivot answer: " + what) }
