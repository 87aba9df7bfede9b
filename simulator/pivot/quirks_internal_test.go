package pivot

import (
	"testing"

	"github.com/kazoolab/kazoolab/bridge/fidelity"
	"github.com/kazoolab/kazoolab/simulator/pivot/request"
)

// What the engine keeps is what the catalogue says that it keeps.
func TestTheCatalogueSaysTheSame(t *testing.T) {
	for _, id := range []string{
		typeGuess, silentTransport, lateFailure, utf8Only, flowErrorCrash, emptyResponseCrash, xmlEntities, missingQueue, messageTypes,
		knownMethodCrash, setVariableCrash, staleVariables, recordDigitsStay, staleDial, gatherEmptyCrash, gatherTotalTimeout, attributeCrash,
		recordingURLCrash, recordingToAction, noEndpointCrash, sipCrash, hangupOnCrash, strategyCrash, dialCommentCrash, dialRecord, dialHangsUp,
		dialTimeout, conferenceNoAction, conferenceTenants, cdrNoHangup, anyLegDestroy, cdrNoID, nullCrash, hangupAnswers, request.URLAppend,
	} {
		quirk, ok := fidelity.Find(id)
		if !ok || (quirk.Class == fidelity.Keep) != kept(id) {
			t.Errorf("%s: in the catalogue %v, as %q; kept here: %v", id, ok, quirk.Class, kept(id))
		}
	}
}
