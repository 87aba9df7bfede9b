// Package chaos holds the storms: load on a real bridge process and a real
// RabbitMQ while both are killed and restarted. Its tests carry the build tag
// chaos, because they take a minute; `make chaos` runs them.
package chaos
