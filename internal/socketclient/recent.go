package socketclient

// kept is how many ids are told to the server: nodes may have got events of different
// publishers in another order.
const kept = 10

// recent is the place in the course of a binding's events.
type recent struct {
	mark string   // of the moment it was subscribed to, for as long as nothing has come
	ids  []string // of the latest events, the last one last
}

func (r recent) with(id string) recent {
	ids := append(r.ids[max(0, len(r.ids)+1-kept):len(r.ids):len(r.ids)], id)
	return recent{ids: ids}
}

// since is what the command has, nil for the first time.
func (r recent) since() any {
	switch {
	case len(r.ids) > 0:
		list := make([]any, len(r.ids))
		for i, id := range r.ids {
			list[i] = id
		}
		return list
	case r.mark != "":
		return r.mark
	}
	return nil
}
