package account

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/kazoolab/kazoolab/internal/clock"
)

var (
	// ErrExpired says that a token was good, but its time is over.
	ErrExpired = errors.New("token expired")
	// ErrInvalidToken says that a token was never good, or that the password or
	// key of its owner has changed since.
	ErrInvalidToken = errors.New("invalid token")
	// ErrNoIdentity says that the account or user to issue a token for has no
	// secret to sign with (pvt_signature_secret).
	ErrNoIdentity = errors.New("no identity secret")
)

// The values of Claims.Method.
const (
	MethodUserAuth = "cb_user_auth"
	MethodAPIAuth  = "cb_api_auth"
)

// DefaultLifetime is how long a token lives (crossbar.auth.token_auth_expiry_s).
const DefaultLifetime = time.Hour

const issuer = "kazoo"

// Claims are what a token says about its holder.
type Claims struct {
	AccountID string
	OwnerID   string // the user; "" for an API key
	Method    string
	Expires   time.Time // whole seconds; when zero, Issue takes the clock and the lifetime

	// IdentitySig ties the token to the holder's secret. Issue fills it.
	IdentitySig string

	As       *Identity // the descendant that the holder acts as; nil for itself
	Original *Identity // who impersonates the holder; nil for nobody
}

// Identity is an account, or a user of it.
type Identity struct {
	AccountID string `json:"account_id"`
	OwnerID   string `json:"owner_id,omitempty"`
}

// Secrets keeps values that all nodes share. Secret returns the one called name,
// or stores what create makes; of racing callers all get the same value.
type Secrets interface {
	Secret(ctx context.Context, name string, create func() ([]byte, error)) ([]byte, error)
}

// Identities finds the secret of a user, or of the account when ownerID is "": its
// pvt_signature_secret, "" when there is none. A new password means a new secret,
// which ends all earlier tokens. An error means that the secret could not be read.
type Identities interface {
	IdentitySecret(ctx context.Context, accountID, ownerID string) (string, error)
}

// TokensConfig holds what Tokens stand on.
type TokensConfig struct {
	Secrets    Secrets
	Identities Identities
	Clock      clock.Clock
	Lifetime   time.Duration // 0 is DefaultLifetime
}

// Tokens issues and verifies the tokens of REST and websocket callers: JWT, RS256.
type Tokens struct {
	keys       keyLoader
	identities Identities
	clock      clock.Clock
	lifetime   time.Duration
	parser     *jwt.Parser
}

// NewTokens returns at once. The key pair, which takes a moment to make, is loaded or
// made in the background; Issue and Verify wait for it. Should the store fail, the
// next of them tries again.
func NewTokens(cfg TokensConfig) *Tokens {
	lifetime := cfg.Lifetime
	if lifetime == 0 {
		lifetime = DefaultLifetime
	}
	t := &Tokens{
		keys:       keyLoader{secrets: cfg.Secrets},
		identities: cfg.Identities,
		clock:      cfg.Clock,
		lifetime:   lifetime,
		parser: jwt.NewParser(
			// The one algorithm: neither "none" nor an HMAC with the public key as its secret.
			jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}),
			jwt.WithIssuer(issuer),
			jwt.WithExpirationRequired(),
			jwt.WithTimeFunc(cfg.Clock.Now),
			jwt.WithStrictDecoding(), // one token, one spelling
		),
	}
	t.keys.start(context.Background())
	return t
}

// Lifetime is how long a token lives unless its claims say otherwise.
func (t *Tokens) Lifetime() time.Duration { return t.lifetime }

// wireClaims is the payload of a token.
type wireClaims struct {
	jwt.RegisteredClaims
	IdentitySig       string    `json:"identity_sig"`
	AccountID         string    `json:"account_id"`
	OwnerID           string    `json:"owner_id,omitempty"`
	Method            string    `json:"method,omitempty"`
	As                *Identity `json:"as,omitempty"`
	OriginalAccountID string    `json:"original_account_id,omitempty"`
	OriginalOwnerID   string    `json:"original_owner_id,omitempty"`
}

// Issue returns a token. The error wraps ErrNoIdentity when the holder has no secret.
func (t *Tokens) Issue(ctx context.Context, c Claims) (string, error) {
	ring, err := t.keys.get(ctx)
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	signature, err := t.identitySignature(ctx, ring, c)
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	if c.Expires.IsZero() {
		c.Expires = t.clock.Now().Add(t.lifetime)
	}
	wire := wireClaims{
		RegisteredClaims: jwt.RegisteredClaims{Issuer: issuer, ExpiresAt: jwt.NewNumericDate(c.Expires)},
		IdentitySig:      signature,
		AccountID:        c.AccountID,
		OwnerID:          c.OwnerID,
		Method:           c.Method,
		As:               c.As,
	}
	if c.Original != nil {
		wire.OriginalAccountID, wire.OriginalOwnerID = c.Original.AccountID, c.Original.OwnerID
	}
	token := jwt.NewWithClaims(jwt.SigningMethodRS256, wire)
	token.Header["kid"] = ring.id
	text, err := token.SignedString(ring.key)
	if err != nil {
		return "", fmt.Errorf("issue token: %w", err)
	}
	return text, nil
}

// Verify returns the claims of a good token. The error wraps ErrExpired or
// ErrInvalidToken when the token is to blame; with any other error nothing is known.
func (t *Tokens) Verify(ctx context.Context, token string) (Claims, error) {
	ring, err := t.keys.get(ctx)
	if err != nil {
		return Claims{}, fmt.Errorf("verify token: %w", err)
	}
	var wire wireClaims
	_, err = t.parser.ParseWithClaims(token, &wire, func(parsed *jwt.Token) (any, error) {
		if parsed.Header["kid"] != ring.id {
			return nil, errors.New("unknown key id")
		}
		return &ring.key.PublicKey, nil
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return Claims{}, ErrExpired
	case err != nil:
		return Claims{}, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	c := wire.claims()
	signature, err := t.identitySignature(ctx, ring, c)
	if err != nil && !errors.Is(err, ErrNoIdentity) {
		return Claims{}, fmt.Errorf("verify token: %w", err)
	}
	if err != nil || !hmac.Equal([]byte(signature), []byte(c.IdentitySig)) {
		return Claims{}, fmt.Errorf("%w: its holder's secret has changed", ErrInvalidToken)
	}
	return c, nil
}

func (w wireClaims) claims() Claims {
	c := Claims{
		AccountID:   w.AccountID,
		OwnerID:     w.OwnerID,
		Method:      w.Method,
		Expires:     w.ExpiresAt.UTC(),
		IdentitySig: w.IdentitySig,
		As:          w.As,
	}
	if w.OriginalAccountID != "" {
		c.Original = &Identity{AccountID: w.OriginalAccountID, OwnerID: w.OriginalOwnerID}
	}
	return c
}

// identitySignature signs the id of the holder with the holder's secret and the
// system's, so that neither alone is enough.
func (t *Tokens) identitySignature(ctx context.Context, ring *keyring, c Claims) (string, error) {
	secret, err := t.identities.IdentitySecret(ctx, c.AccountID, c.OwnerID)
	if err != nil {
		return "", fmt.Errorf("read identity secret: %w", err)
	}
	if secret == "" {
		return "", ErrNoIdentity
	}
	id := c.OwnerID
	if id == "" {
		id = c.AccountID
	}
	mac := hmac.New(sha256.New, append([]byte(secret), ring.identity...))
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}
