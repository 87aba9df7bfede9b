// Package bridge is Kazoo's webhooks application with the REST API its users
// need, as a library. New checks the configuration, Run works until its context
// ends and then drains. It owns how the parts are wired and in which order they
// start and stop; it reads no flags, no environment and no files.
package bridge
