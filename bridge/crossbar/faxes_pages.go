package crossbar

import (
	"context"
	"time"

	"github.com/kazoolab/kazoolab/bridge/kapi"
	"github.com/kazoolab/kazoolab/bridge/kapi/jobj"
	"github.com/kazoolab/kazoolab/bridge/store"
)

// queuePages writes a fax with its pages, the first file that the request brings. As in
// the reference it is told of three times: as it comes to be, with its pages, and when
// it may be sent; and answered as it was at first.
func (h *handler) queuePages(ctx context.Context, req *request, doc store.Document) (outcome, error) {
	doc.Body = doc.Body.Set(jobStatus, "attaching_files")
	saved, err := h.createWithFile(ctx, req, doc, h.asFile(req, req.uploads[0]))
	if err != nil {
		return outcome{}, err
	}
	waiting := saved
	waiting.Body = saved.Body.Set(jobStatus, pending)
	_, err = h.update(ctx, req, waiting)
	return outcome{data: stored(saved), revision: saved.Rev, created: saved.ID}, err
}

// readPages downloads a fax, under the name that says when it came to be.
func (h *handler) readPages(ctx context.Context, req *request, folder string) (outcome, error) {
	doc, err := h.loadFax(ctx, req, typeFax, folder)
	if err != nil {
		return outcome{}, err
	}
	pages, err := h.fileOf(ctx, doc, badIdentifier(doc.ID))
	if err != nil {
		return outcome{}, err
	}
	zone, err := h.timezoneOf(ctx, req, jobj.Object{})
	name := "fax_document_" + localTime(doc.Created, zone) + "." + ending(pages.ContentType)
	return outcome{file: download(pages, name), revision: doc.Rev}, err
}

// localTime is a time in Gregorian seconds as it is written into names of files: UTC
// where the zone is unknown (kz_time:pretty_print_datetime/1).
func localTime(gregorian int64, zone string) string {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return kapi.FromGregorian(gregorian).In(place).Format("2006-01-02_15:04:05")
}
