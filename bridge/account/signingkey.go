package account

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// Names under which the two secrets of tokens are stored.
const (
	signingKeySecret = "token-signing-key"     // PKCS #8
	identitySecret   = "token-identity-secret" // 32 random bytes
)

const (
	signingKeyBits = 2048
	// loadTimeout bounds one try to load or make the key, which takes some
	// 60 ms with a healthy store. It is real time: it guards against the store.
	loadTimeout = 30 * time.Second
)

// keyring is what signs: the same on all nodes that share a store.
type keyring struct {
	id       string // the header's kid: digest of the public key
	key      *rsa.PrivateKey
	identity []byte // half of the key of every identity signature
}

// keyLoader loads or makes the keyring once, in a goroutine of its own, so that
// nothing waits for it but its first users. After a failure the next user starts it
// again.
type keyLoader struct {
	secrets Secrets

	mu   sync.Mutex
	load *loading // nil after a failure and before the first use
}

type loading struct {
	done chan struct{} // closed when ring or err is set
	ring *keyring
	err  error
}

// start begins loading unless that has been done. What of ctx is a deadline or a
// cancellation does not reach the work, because others wait for it too.
func (l *keyLoader) start(ctx context.Context) *loading {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.load != nil {
		return l.load
	}
	load := &loading{done: make(chan struct{})}
	l.load = load
	go func() {
		defer close(load.done)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		if load.ring, load.err = loadKeyring(ctx, l.secrets); load.err != nil {
			l.mu.Lock()
			l.load = nil
			l.mu.Unlock()
		}
	}()
	return load
}

// get waits for the keyring, or until ctx ends.
func (l *keyLoader) get(ctx context.Context) (*keyring, error) {
	load := l.start(ctx)
	select {
	case <-load.done:
		return load.ring, load.err
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for token keys: %w", ctx.Err())
	}
}

func loadKeyring(ctx context.Context, secrets Secrets) (*keyring, error) {
	// Not the program's source: a seed, given to replay a scenario, must not make
	// the keys known.
	random := ids.New()
	der, err := secrets.Secret(ctx, signingKeySecret, func() ([]byte, error) {
		key, err := rsa.GenerateKey(random, signingKeyBits)
		if err != nil {
			return nil, err
		}
		return x509.MarshalPKCS8PrivateKey(key)
	})
	if err != nil {
		return nil, fmt.Errorf("load token keys: %w", err)
	}
	identity, err := secrets.Secret(ctx, identitySecret, func() ([]byte, error) {
		secret := make([]byte, 32)
		_, err := random.Read(secret)
		return secret, err
	})
	if err != nil {
		return nil, fmt.Errorf("load token keys: %w", err)
	}
	key, err := parseSigningKey(der)
	if err != nil {
		return nil, fmt.Errorf("stored token key: %w", err)
	}
	digest := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	return &keyring{id: hex.EncodeToString(digest[:16]), key: key, identity: identity}, nil
}

func parseSigningKey(der []byte) (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("not an RSA key")
	}
	return key, nil
}
