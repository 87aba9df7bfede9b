package account_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jonboulle/clockwork"

	"github.com/kazoolab/kazoolab/bridge/account"
)

// secretStore is account.Secrets in memory. Before each use it asks gate.
type secretStore struct {
	gate func() error

	mu     sync.Mutex
	values map[string][]byte
}

func (s *secretStore) Secret(_ context.Context, name string, create func() ([]byte, error)) ([]byte, error) {
	if s.gate != nil {
		if err := s.gate(); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if value, ok := s.values[name]; ok {
		return value, nil
	}
	value, err := create()
	if err == nil {
		if s.values == nil {
			s.values = map[string][]byte{}
		}
		s.values[name] = value
	}
	return value, err
}

// identities maps a user or account id to its secret.
type identities map[string]string

func (i identities) IdentitySecret(_ context.Context, accountID, ownerID string) (string, error) {
	id := accountID
	if ownerID != "" {
		id = ownerID
	}
	if i[id] == "broken" {
		return "", errors.New("store is down")
	}
	return i[id], nil
}

const user = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"

type tokenFixture struct {
	*account.Tokens
	secrets    *secretStore
	identities identities
	clock      *clockwork.FakeClock
}

func newTokens(secrets *secretStore) *tokenFixture {
	f := &tokenFixture{
		secrets:    secrets,
		identities: identities{user: "user secret", customer: "account secret"},
		clock:      clockwork.NewFakeClockAt(time.Date(2026, time.November, 15, 12, 0, 0, 0, time.UTC)),
	}
	f.Tokens = account.NewTokens(account.TokensConfig{Secrets: secrets, Identities: f.identities, Clock: f.clock})
	return f
}

func (f *tokenFixture) issue(t *testing.T, c account.Claims) string {
	t.Helper()
	token, err := f.Issue(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// key is what the store holds after a token was issued.
func (f *tokenFixture) key(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	f.secrets.mu.Lock()
	defer f.secrets.mu.Unlock()
	key, err := x509.ParsePKCS8PrivateKey(f.secrets.values["token-signing-key"])
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

func TestTokenCarriesItsClaims(t *testing.T) {
	f := newTokens(&secretStore{})
	for name, c := range map[string]account.Claims{
		"user": {AccountID: customer, OwnerID: user, Method: account.MethodUserAuth},
		"key":  {AccountID: customer, Method: account.MethodAPIAuth, Expires: f.clock.Now().Add(time.Minute)},
		"acting as a descendant": {
			AccountID: customer, OwnerID: user, Method: account.MethodUserAuth,
			As: &account.Identity{AccountID: sub, OwnerID: "u3"},
		},
		"impersonated": {
			AccountID: customer, OwnerID: user, Method: account.MethodUserAuth,
			Original: &account.Identity{AccountID: master, OwnerID: "u0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := f.Verify(t.Context(), f.issue(t, c))
			if err != nil {
				t.Fatal(err)
			}
			if c.Expires.IsZero() {
				c.Expires = f.clock.Now().Add(time.Hour)
			}
			if got.IdentitySig == "" {
				t.Error("no identity signature")
			}
			got.IdentitySig = ""
			if !reflect.DeepEqual(got, c) {
				t.Errorf("got  %+v\nwant %+v", got, c)
			}
		})
	}
}

func TestTokenOnTheWire(t *testing.T) {
	f := newTokens(&secretStore{})
	parts := strings.Split(f.issue(t, account.Claims{AccountID: customer, OwnerID: user, Method: account.MethodUserAuth}), ".")
	header, payload := decode(t, parts[0]), decode(t, parts[1])
	kid, _ := header["kid"].(string)
	if want := map[string]any{"alg": "RS256", "typ": "JWT", "kid": kid}; len(kid) != 32 || !reflect.DeepEqual(header, want) {
		t.Errorf("header %v", header)
	}
	signature, _ := payload["identity_sig"].(string)
	want := map[string]any{
		"iss": "kazoo", "account_id": customer, "owner_id": user, "method": "cb_user_auth",
		"exp": 1794747600.0, "identity_sig": signature,
	}
	if !reflect.DeepEqual(payload, want) {
		t.Errorf("payload %v, want %v", payload, want)
	}
	if raw, err := base64.RawURLEncoding.DecodeString(signature); err != nil || len(raw) != 32 {
		t.Errorf("identity_sig %q, %v", signature, err)
	}
	if bits := f.key(t).N.BitLen(); bits != 2048 {
		t.Errorf("%d bits", bits)
	}
}

func decode(t *testing.T, part string) map[string]any {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

func TestTokenExpires(t *testing.T) {
	f := newTokens(&secretStore{})
	token := f.issue(t, account.Claims{AccountID: customer})
	f.clock.Advance(time.Hour - time.Second)
	if _, err := f.Verify(t.Context(), token); err != nil {
		t.Errorf("one second before: %v", err)
	}
	f.clock.Advance(time.Second)
	if _, err := f.Verify(t.Context(), token); !errors.Is(err, account.ErrExpired) || errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("when its time is over: %v", err)
	}
	if _, err := f.Verify(t.Context(), token[:len(token)-4]+"AAAA"); !errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("over, and never good: %v", err)
	}
}

func TestNewSecretEndsEarlierTokens(t *testing.T) {
	f := newTokens(&secretStore{})
	claims := account.Claims{AccountID: customer, OwnerID: user}
	before, api := f.issue(t, claims), f.issue(t, account.Claims{AccountID: customer})
	f.identities[user] = "after the new password"
	after := f.issue(t, claims)
	if _, err := f.Verify(t.Context(), before); !errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("token of before: %v", err)
	}
	for what, token := range map[string]string{"of after": after, "of the account": api} {
		if _, err := f.Verify(t.Context(), token); err != nil {
			t.Errorf("token %s: %v", what, err)
		}
	}
	delete(f.identities, user)
	if _, err := f.Verify(t.Context(), after); !errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("token of nobody: %v", err)
	}
	if _, err := f.Issue(t.Context(), claims); !errors.Is(err, account.ErrNoIdentity) {
		t.Errorf("token for nobody: %v", err)
	}
	f.identities[user] = "broken"
	if _, err := f.Verify(t.Context(), after); err == nil || errors.Is(err, account.ErrInvalidToken) {
		t.Errorf("a broken store is no reason to call a token bad: %v", err)
	}
}

func TestForgedTokens(t *testing.T) {
	f := newTokens(&secretStore{})
	good := f.issue(t, account.Claims{AccountID: customer, OwnerID: user})
	parts := strings.Split(good, ".")
	kid := decode(t, parts[0])["kid"]
	signature := decode(t, parts[1])["identity_sig"]
	key := f.key(t)
	other := newTokens(&secretStore{})
	other.issue(t, account.Claims{AccountID: customer})
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})

	forge := func(method jwt.SigningMethod, key any, edit func(header, claims map[string]any)) string {
		claims := jwt.MapClaims{
			"iss": "kazoo", "account_id": customer, "owner_id": user, "exp": f.clock.Now().Add(time.Hour).Unix(),
			"identity_sig": signature,
		}
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = kid
		edit(token.Header, claims)
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	same := func(_, _ map[string]any) {}
	if _, err := f.Verify(t.Context(), forge(jwt.SigningMethodRS256, key, same)); err != nil {
		t.Fatalf("the forger's own tools do not work: %v", err)
	}
	for name, token := range map[string]string{
		"nothing":              "",
		"dots":                 "..",
		"words":                "not.a.token",
		"two parts":            strings.Join(parts[:2], "."),
		"four parts":           good + "." + parts[2],
		"no signature":         parts[0] + "." + parts[1] + ".",
		"padded":               good + "=",
		"another spelling":     good[:len(good)-1] + string(good[len(good)-1]+1), // of the same bytes
		"another's signature":  parts[0] + "." + strings.Split(other.issue(t, account.Claims{AccountID: customer}), ".")[1] + "." + parts[2],
		"another store's":      other.issue(t, account.Claims{AccountID: customer, OwnerID: user}),
		"alg none":             forge(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, same),
		"HMAC with the DER":    forge(jwt.SigningMethodHS256, der, same),
		"HMAC with the PEM":    forge(jwt.SigningMethodHS256, asPEM, same),
		"another algorithm":    forge(jwt.SigningMethodRS512, key, same),
		"PSS":                  forge(jwt.SigningMethodPS256, key, same),
		"another key":          forge(jwt.SigningMethodRS256, other.key(t), same),
		"another kid":          forge(jwt.SigningMethodRS256, key, func(h, _ map[string]any) { h["kid"] = "other" }),
		"no kid":               forge(jwt.SigningMethodRS256, key, func(h, _ map[string]any) { delete(h, "kid") }),
		"kid no string":        forge(jwt.SigningMethodRS256, key, func(h, _ map[string]any) { h["kid"] = []any{kid} }),
		"another issuer":       forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { c["iss"] = "someone" }),
		"no issuer":            forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { delete(c, "iss") }),
		"no end":               forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { delete(c, "exp") }),
		"end no number":        forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { c["exp"] = "never" }),
		"account no string":    forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { c["account_id"] = 7 }),
		"no identity":          forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { delete(c, "identity_sig") }),
		"another's identity":   forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { delete(c, "owner_id") }),
		"an unknown account's": forge(jwt.SigningMethodRS256, key, func(_, c map[string]any) { c["owner_id"] = "nobody" }),
	} {
		t.Run(name, func(t *testing.T) {
			claims, err := f.Verify(t.Context(), token)
			if !errors.Is(err, account.ErrInvalidToken) || !reflect.DeepEqual(claims, account.Claims{}) {
				t.Errorf("%+v, %v", claims, err)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	tokens := newTokens(&secretStore{})
	good, err := tokens.Issue(f.Context(), account.Claims{AccountID: customer})
	if err != nil {
		f.Fatal(err)
	}
	parts := strings.Split(good, ".")
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	for _, seed := range []string{"", "..", good[:len(good)-1], none + "." + parts[1] + ".", parts[0] + ".e30." + parts[2]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := tokens.Verify(t.Context(), token); token != good && !errors.Is(err, account.ErrInvalidToken) {
			t.Errorf("%q: %v", token, err)
		}
	})
}
