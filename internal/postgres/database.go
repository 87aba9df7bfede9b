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

// CreateDatabase makes a database beside that of address, as a copy of template or
// empty for "", and returns its address. Nobody may be connected to the template.
func CreateDatabase(ctx context.Context, address, template string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("create database: its server's address is not a URL")
	}
	name := "test_" + ids.New().Hex(12)
	statement := "CREATE DATABASE " + name
	if template != "" {
		statement += " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	}
	if err := execute(ctx, address, statement); err != nil {
		return "", fmt.Errorf("create database: %w", err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

// DropDatabase removes the database at address, whoever is connected to it. server
// is the address of another database there.
func DropDatabase(ctx context.Context, server, address string) error {
	if err := execute(ctx, server, "DROP DATABASE "+pgx.Identifier{Name(address)}.Sanitize()+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop database: %w", err)
	}
	return nil
}

// Name is the name of the database at address.
func Name(address string) string {
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
