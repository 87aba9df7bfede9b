// Package browsertest runs the pages of docs/browser in a real browser, against nodes
// in processes of their own, one of which is killed. Its tests have the build tag real
// and are run by `make test-real`, which installs Chromium; without a browser they
// fail, they are never skipped. Nothing imports it.
package browsertest
