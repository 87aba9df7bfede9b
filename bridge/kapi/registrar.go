package kapi

import "strings"

// CategoryDirectory is the Event-Category of everything on ExchangeRegistrar.
const CategoryDirectory = "directory"

// registrarPublications are what the SIP proxy says of registrations, and the
// questions about them (kapi_registration).
func registrarPublications() []Publication {
	on := onRegistrar
	return []Publication{
		on(
			"reg_success", "Contact Event-Timestamp Expires Realm Username",
			`Account-DB AOR Authorizing-ID Custom-Channel-Vars First-Registration FreeSWITCH-Hostname FreeSWITCH-Nodename
				From-Host From-User Account-ID Call-ID Network-IP Network-Port Original-Contact Presence-Hosts
				Profile-Name Proxy-IP Proxy-Path Proxy-Port Proxy-Protocol Register-Overwrite-Notify Registrar-Node
				RPid RUID Source-IP Source-Port Status Suppress-Unregister-Notify To-Host To-User User-Agent`,
			literal("registration.success"), encoded("Realm"), encoded("Username"),
		),
		RegistrationQuery(),
		on("reg_flush", "Realm", "Username", literal("registration.flush"), encoded("Realm"), anyUser()),
		on("reg_sync", "", "", literal("registration.sync")),
	}
}

// RegistrationQuery asks who is registered in a realm (kapi_registration:query_req/1).
func RegistrationQuery() Publication {
	return onRegistrar(
		"reg_query", "", "Count-Only Fields Realm Username",
		literal("registration.query"), encoded("Realm"), anyUser(),
	)
}

func onRegistrar(name, required, optional string, address ...Segment) Publication {
	return Publication{
		Definition: Definition{
			Category: CategoryDirectory,
			Name:     name,
			Optional: strings.Fields(optional),
			Required: strings.Fields(required),
		},
		Exchange: ExchangeRegistrar,
		Address:  address,
	}
}

func anyUser() Segment {
	user := encoded("Username")
	user.Absent = "*"
	return user
}
