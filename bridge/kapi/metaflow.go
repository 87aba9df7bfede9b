package kapi

import "strings"

// CategoryMetaflow is the Event-Category of ExchangeMetaflow.
const CategoryMetaflow = "metaflow"

// MetaflowAction commands one thing of a call (kapi_metaflow:action/1).
func MetaflowAction() Publication {
	return Publication{
		Definition: Definition{
			Category: CategoryMetaflow,
			Name:     "action",
			Optional: []string{"Data"},
			Required: []string{"Action", "Call-ID"},
			Rules: []Rule{{Field: "Action", OneOf: strings.Fields(`
				audio_level break callflow hangup hold intercept move park play record_call
				resume say transfer tts unpark`)}},
		},
		Exchange: ExchangeMetaflow,
		Address:  Address{literal("metaflow.action"), encoded("Call-ID"), raw("Action")},
	}
}

// MetaflowFlow hands a call a flow to run (kapi_metaflow:flow/1). Empty members of
// the flow stay.
func MetaflowFlow() Publication {
	return Publication{
		Definition: Definition{
			Category:  CategoryMetaflow,
			Name:      "flow",
			Required:  []string{"Flow", "Call-ID"},
			Rules:     []Rule{{Field: "Flow", Kind: KindObject}},
			KeepEmpty: true,
		},
		Exchange: ExchangeMetaflow,
		Address:  Address{literal("metaflow.flow"), encoded("Call-ID")},
	}
}

// metaflowPublications are commands to calls.
func metaflowPublications() []Publication { return []Publication{MetaflowAction(), MetaflowFlow()} }
