package kapi

// EventTypeUpdate is the Event-Name of a request about all documents of a type.
const EventTypeUpdate = "doc_type_update"

// TypeUpdate is the definition of that request (kapi_conf:doc_type_update/1). With
// Type webhook and Action account or descendants it re-enables hooks. It is
// published mandatory: one that reaches nobody comes back.
func TypeUpdate() Definition {
	return Definition{
		Category: CategoryConfiguration,
		Name:     EventTypeUpdate,
		Optional: []string{"Action", "Account-ID"},
		Required: []string{"Type"},
	}
}

// TypeUpdateKey is its routing key on ExchangeConfiguration; the type stands in it
// as it is.
func TypeUpdateKey(typ string) string { return "configuration." + EventTypeUpdate + "." + typ }

// configurationPublications are changes of documents and requests about them.
func configurationPublications() []Publication {
	typ := raw("Type")
	typ.Absent = "undefined"
	return []Publication{
		{
			Definition: ChangeDefinition(),
			Exchange:   ExchangeConfiguration,
			Address:    Address{raw("Event-Name"), raw("Database"), typ, encoded("ID")},
		},
		{
			Definition: TypeUpdate(),
			Exchange:   ExchangeConfiguration,
			Address:    Address{literal("configuration." + EventTypeUpdate), raw("Type")},
			Mandatory:  true,
		},
	}
}
