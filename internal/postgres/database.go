package postgres

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/kazoolab/kazoolab/internal/ids"
)

// CreateDatabase makes an empty database beside that of address, and returns its address.
func CreateDatabase(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("create database: its server's address is not a URL")
	}
	name := "test_" + ids.New().Hex(12)
	if err := execute(ctx, address, "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// DropDatabase removes the database at address, whoever is connected to it. server
// is the address of another database there.
func DropDatabase(ctx context.Context, server, address string) error {
	if err := execute(ctx, server, "DROP DATABASE "+pgx.Identifier{name(address)}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	return nil
}

// name is that of the database at address.
func name(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Path, "/")
}

func execute(ctx context.Context, address, statement string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}
