package cli

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kazoolab/kazoolab/bridge/webhooks/signature"
)

func (a *app) verifyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Say whether a received webhook is signed with a secret, and if not why",
		Long: `Verify the Standard Webhooks signature of one received request: from a file or
standard input, as it came over the wire or as a line that listen -o json printed;
or from its parts. What is signed is the body; of a GET it is the query, all after
the first question mark.

Exit code 0 says that it is signed, 1 that it is not.`,
		Example: `  kazoolab verify --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw request.txt
  kazoolab listen -o json --count 1 | kazoolab verify --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw
  kazoolab verify --secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw --id m1 --timestamp 1614265330 --signature v1,abc= --body @body.json`,
		Args: atMostOneFile,
	}
	output := outputFlag(cmd)
	secrets := secretFlag(cmd)
	tolerance := cmd.Flags().Duration("tolerance", signature.Tolerance, "how old a request may be, and how far ahead; 0 takes any age")
	var parts signature.Message
	cmd.Flags().StringVar(&parts.ID, "id", "", "its header webhook-id")
	cmd.Flags().StringVar(&parts.Timestamp, "timestamp", "", "its header webhook-timestamp")
	cmd.Flags().StringVar(&parts.Signature, "signature", "", "its header webhook-signature")
	body := cmd.Flags().String("body", "", "its body, or of a GET its query; @FILE reads it from a file")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		known, err := parseSecrets(*secrets)
		if err != nil {
			return err
		}
		if len(known) == 0 {
			return usagef("which secret? Give it with --secret")
		}
		if *tolerance < 0 {
			return usagef("--tolerance: %s is less than 0s", *tolerance)
		}
		message, err := a.messageToVerify(cmd, args, parts, *body)
		if err != nil {
			return err
		}
		return a.reportVerification(message, known, *tolerance, *output)
	}
	return cmd
}

func atMostOneFile(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usagef("%s takes one file, and %q is too much", cmd.CommandPath(), args[1])
	}
	return nil
}

// secretFlag adds --secret, which may be repeated.
func secretFlag(cmd *cobra.Command) *[]string {
	return cmd.Flags().StringArray("secret", nil, "secret of the hook, whsec_ and base64; may be repeated, any may fit")
}

// parseSecrets repeats none of them.
func parseSecrets(texts []string) ([]signature.Secret, error) {
	secrets := make([]signature.Secret, len(texts))
	for i, text := range texts {
		var err error
		if secrets[i], err = signature.ParseSecret(text); err != nil {
			return nil, usagef("--secret: %w", err)
		}
	}
	return secrets, nil
}

// messageToVerify takes the parts if any is given, else reads a request.
func (a *app) messageToVerify(cmd *cobra.Command, args []string, parts signature.Message, body string) (signature.Message, error) {
	given := false
	for _, name := range []string{"id", "timestamp", "signature", "body"} {
		given = given || cmd.Flags().Changed(name)
	}
	if given {
		if len(args) > 0 {
			return parts, usagef("give either a file or --id, --timestamp, --signature and --body")
		}
		content, err := bodyOf(body)
		parts.Content = content
		return parts, err
	}
	raw, err := a.readInput(args)
	if err != nil {
		return parts, err
	}
	parts, err = parseRequest(raw)
	if err != nil {
		return parts, usagef("this is no request: %w", err)
	}
	return parts, nil
}

func bodyOf(text string) ([]byte, error) {
	name, ok := strings.CutPrefix(text, "@")
	if !ok {
		return []byte(text), nil
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("--body: %w", err)
	}
	return content, nil
}

// readInput reads the file that is named, or standard input.
func (a *app) readInput(args []string) ([]byte, error) {
	if len(args) == 0 || args[0] == "-" {
		return io.ReadAll(a.Stdin)
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return nil, usagef("%w", err)
	}
	return raw, nil
}

// verification is the outcome as JSON.
type verification struct {
	Valid  bool   `json:"valid"`
	Secret int    `json:"secret,omitempty"` // which of those given fits, from 1
	Age    string `json:"age,omitempty"`
	Reason string `json:"reason,omitempty"` // why it is not valid
}

func (a *app) reportVerification(m signature.Message, secrets []signature.Secret, tolerance time.Duration, output string) error {
	which, age, err := m.Verify(secrets, a.Clock.Now(), tolerance)
	if output == outputJSON {
		report := verification{Valid: err == nil}
		if err == nil {
			report.Secret, report.Age = which+1, age.String()
		} else {
			report.Reason = err.Error()
		}
		if printed := a.printJSON(report); printed != nil {
			return printed
		}
	}
	if err != nil {
		return fmt.Errorf("not valid: %w", err)
	}
	if output != outputJSON {
		a.printf("valid: secret %d of %d fits, signed %s ago\n", which+1, len(secrets), age)
	}
	return nil
}

// messageOf is what the signature of a request is about.
func messageOf(method, target string, header http.Header, body []byte) signature.Message {
	if method == http.MethodGet {
		_, query, _ := strings.Cut(target, "?")
		body = []byte(query)
	}
	return signature.Message{
		ID: header.Get(signature.HeaderID), Timestamp: header.Get(signature.HeaderTimestamp),
		Signature: header.Get(signature.HeaderSignature), Content: body,
	}
}
