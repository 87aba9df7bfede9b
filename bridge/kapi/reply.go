package kapi

import "strings"

// ReplyAddress takes a Server-ID apart, which may name a process at its queue
// (kz_amqp_util:targeted_publish/3).
func ReplyAddress(serverID string) (key string, headers map[string]any) {
	scheme, rest, isURL := strings.Cut(serverID, "://")
	cut := strings.LastIndex(rest, "/")
	if !isURL || cut < 0 || scheme != "pid" && scheme != "consumer" {
		return serverID, nil
	}
	if scheme == "pid" {
		headers = map[string]any{"Deliver-To-PID": rest[:cut]}
	}
	return rest[cut+1:], headers
}
