package pivot

import (
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
)

func parseJSON(body []byte) (any, error) { return jobj.Parse(body) }

func (w *worker) pivot(body []byte, value any) {
	w.answerCallflow("processing", "translator")
	w.begun = true
	w.handOver(string(jobj.Append(nil, value)))
}
