// Package browsertest gives tests a real browser, and runs the pages of docs/browser in
// one, against nodes in processes of their own, one of which is killed. Its tests have the
// build tag real and are run by `make test-real`, which installs Chromium; without a
// browser they fail, they are never skipped. Only tests import it.
package browsertest
