// Package realtest tests the project as others receive it: its container image,
// built from the Dockerfile and run beside the containers it needs. Its tests
// have the build tag real and are run by `make test-real`; without a container
// engine they fail, they are never skipped. Nothing imports it.
package realtest
