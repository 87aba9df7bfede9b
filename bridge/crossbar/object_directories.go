package crossbar

import (
	"context"

	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// directories are cb_directories. Whom one lists stands in the documents of those
// who are listed.
func directories() kind {
	return kind{
		name: "directories", typ: "directory", form: "directories",
		fields: append(plain("name"), flags()),
		read: func(h *handler, ctx context.Context, _ *request, doc store.Document) (jobj.Object, error) {
			users, err := h.Store.Find(ctx, store.UsersByDirectory, store.ValueKey(doc.AccountID, doc.ID))
			listed := make([]any, 0, len(users))
			for _, user := range users {
				callflow, _ := user.Body.Get("directories", doc.ID)
				listed = append(listed, jobj.Object{{Key: "user_id", Value: user.ID}, {Key: "callflow_id", Value: callflow}})
			}
			return public(doc).Set("users", listed), err
		},
	}
}
