package crossbar

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// absentFamilies are endpoints of Kazoo that are not served here. The grammar of
// paths must know their names, since a name ends the arguments of the endpoint
// before it; and their callers learn that they are not to blame.
func absentFamilies() []family {
	// A name may be followed by the methods of its collection, where known.
	const names = `access_lists acls agents allotments apps_link basic_auth braintree bulk
		cccps cdrs comments connectivity contact_list external_numbers
		freeswitch functions global_provisioner_templates global_resources google_auth hotdesks ip_auth ips
		lists local_provisioner_templates local_resources metaflows migrations multi_factor
		notifications:PUT,GET,DELETE onboard parked_calls phone_numbers port_requests presence queues rates ratedecks recordings
		registrations resource_selectors resource_templates resources search security service_plans services shared_auth
		signup skels sms:PUT,GET storage sup system_configs system_status tasks templates
		token_restrictions transactions ubiquiti_auth zones`
	var families []family
	for field := range strings.FieldsSeq(names) {
		name, methods, _ := strings.Cut(field, ":")
		if methods == "" {
			families = append(families, absentFamily(name, allMethods()))
			continue
		}
		families = append(families, absentFamily(name, strings.Split(methods, ",")))
	}
	return families
}

func allMethods() []string {
	return []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodPatch, http.MethodDelete}
}

func absentFamily(name string, methods []string) family {
	f := family{name: name}
	var args []string
	for range 6 {
		f.clauses = append(f.clauses, clause{args: args, operations: absentOperations(methods)})
		args = append(slices.Clip(args), "*")
	}
	return f
}

func absentOperations(methods []string) []operation {
	absent := func(_ context.Context, req *request) (outcome, error) {
		req.hint("/%s is part of Kazoo, but is not served here", strings.Join(append([]string{req.route.head().name}, req.route.head().args...), "/"))
		return outcome{}, notFound()
	}
	var all []operation
	for _, method := range methods {
		all = append(all, operation{method: method, within: absent})
	}
	return all
}
