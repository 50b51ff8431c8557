package storetest

import (
	"fmt"
	"time"

	"github.com/posthorn/posthorn"
	"github.com/posthorn/posthorn/internal/store"
)

func formatCases() []testCase {
	return []testCase{
		{name: "a format comes back as it was saved, version by version", run: formatKept},
		{name: "a document that is there already makes no version", run: formatUnchanged},
		{name: "a format belongs to one workspace", run: formatsElsewhere},
		{name: "a format needs its workspace", run: formatNeedsWorkspace},
		{name: "formats are listed by name, the newest version of each", run: formatsListed},
		{name: "a workspace has no more formats than its limit; versions don't count", run: formatsLimited},
		{name: "a version is dropped when it was replaced long ago and nobody remembers it", run: formatVersionsDropped},
		{name: "a version that a waiting delivery remembers stays, one that an ended one remembers doesn't", run: formatVersionsRemembered},
		{name: "a version that applies to all drops the earlier ones", run: formatAppliesToAll},
		{name: "no more versions are kept than may be", run: formatVersionsLimited},
		{name: "a delivery remembers its format until a person asks for another try", run: formatRemembered},
		{name: "a format with users can't be deleted", run: formatInUse},
		{name: "no version is used again after a format was deleted", run: formatDeleted},
		{name: "saving and deleting a format changes the directories of its workspace alone", run: formatChangesDirectories},
		{name: "a snapshot holds the formats that the webhooks name", run: snapshotHoldsFormats},
	}
}

func (w *world) saving(name, document string) store.FormatSaving {
	return store.FormatSaving{WorkspaceID: w.workspace.ID, Name: name, Document: []byte(document), CreatedBy: "key_1", Now: w.tick()}
}

func (w *world) save(name, document string) posthorn.DeclaredFormat {
	w.t.Helper()
	return must[posthorn.DeclaredFormat](w)(w.SaveFormat(w.ctx, w.saving(name, document)))
}

// saveLater saves a format so late that earlier versions need not stay for their
// age.
func (w *world) saveLater(name, document string) posthorn.DeclaredFormat {
	w.t.Helper()
	w.now = w.now.Add(posthorn.FormatVersionKept)
	return w.save(name, document)
}

// keptVersions lists which of the first versions are there.
func (w *world) keptVersions(name string, highest int) []int {
	w.t.Helper()
	var found []int
	for number := range highest {
		_, err := w.FormatVersion(w.ctx, w.workspace.ID, posthorn.FormatVersion{Name: name, Version: number + 1})
		if err == nil {
			found = append(found, number+1)
			continue
		}
		w.wantError(err, posthorn.ErrNotFound)
	}
	return found
}

func formatKept(w *world) {
	first := w.save("mine", "{\"a\":\"\x00ü\"}")
	w.want("the first version", first, posthorn.DeclaredFormat{
		WorkspaceID: w.workspace.ID, FormatVersion: posthorn.FormatVersion{Name: "mine", Version: 1}, Document: []byte("{\"a\":\"\x00ü\"}"),
		Since: 1, CreatedBy: "key_1", CreatedAt: w.now, UpdatedAt: w.now,
	})
	saving := w.saving("mine", "2")
	saving.CreatedBy = "key_2"
	saving.Now = saving.Now.Add(999)
	second := must[posthorn.DeclaredFormat](w)(w.SaveFormat(w.ctx, saving))
	want := first
	want.Document, want.Version, want.UpdatedAt = []byte("2"), 2, w.now
	w.want("the second version", second, want)
	w.want("the newest", must[posthorn.DeclaredFormat](w)(w.Format(w.ctx, w.workspace.ID, "mine")), want)
	for _, version := range []posthorn.DeclaredFormat{first, second} {
		w.want("a version", must[posthorn.DeclaredFormat](w)(w.FormatVersion(w.ctx, w.workspace.ID, version.FormatVersion)), version)
	}
	_, err := w.FormatVersion(w.ctx, w.workspace.ID, posthorn.FormatVersion{Name: "mine", Version: 3})
	w.wantError(err, posthorn.ErrNotFound)
	_, err = w.Format(w.ctx, w.workspace.ID, "Mine")
	w.wantError(err, posthorn.ErrNotFound)
}

func formatUnchanged(w *world) {
	first := w.save("mine", "1")
	version := w.version()
	w.want("the same again", w.save("mine", "1"), first)
	w.want("the directory's version", w.version(), version)
	second := w.save("mine", "2")
	all := w.saving("mine", "2")
	all.AppliesToAll = true
	second.Since = 2
	w.want("the same for all", must[posthorn.DeclaredFormat](w)(w.SaveFormat(w.ctx, all)), second)
	w.want("the newest", must[posthorn.DeclaredFormat](w)(w.Format(w.ctx, w.workspace.ID, "mine")), second)
	w.want("the versions", w.keptVersions("mine", 3), []int{2})
}

func formatsElsewhere(w *world) {
	other := w.neighbour()
	other.save("mine", "theirs")
	_, err := w.Format(w.ctx, w.workspace.ID, "mine")
	w.wantError(err, posthorn.ErrNotFound)
	w.wantError(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"), posthorn.ErrNotFound)
	w.want("the versions", w.keptVersions("mine", 1), []int(nil))
	w.want("the list", must[[]posthorn.DeclaredFormat](w)(w.Formats(w.ctx, w.workspace.ID, "", 10)), []posthorn.DeclaredFormat(nil))
	w.save("mine", "ours")
	w.do(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"))
	w.want("theirs", string(must[posthorn.DeclaredFormat](w)(w.Format(w.ctx, other.workspace.ID, "mine")).Document), "theirs")
}

func formatNeedsWorkspace(w *world) {
	saving := w.saving("mine", "1")
	saving.WorkspaceID = posthorn.NewID[posthorn.WorkspaceID](w.now, w.random)
	_, err := w.SaveFormat(w.ctx, saving)
	w.wantError(err, posthorn.ErrNotFound)
}

func formatsListed(w *world) {
	w.neighbour().save("b", "theirs")
	want := []posthorn.DeclaredFormat{w.save("a", "1"), w.save("a-b", "2"), {}, w.save("c", "3")}
	w.save("b", "old")
	want[2] = w.save("b", "new")
	list := func(after string, limit int) []posthorn.DeclaredFormat {
		return must[[]posthorn.DeclaredFormat](w)(w.Formats(w.ctx, w.workspace.ID, after, limit))
	}
	w.want("all", list("", 10), want)
	w.want("two", list("", 2), want[:2])
	w.want("those behind", list("a-b", 10), want[2:])
}

func formatsLimited(w *world) {
	w.neighbour().save("a", "1")
	w.save("a", "1")
	w.save("a", "2")
	limited := func(name string, limit int) error {
		saving := w.saving(name, name)
		saving.Limit = limit
		return drop(w.SaveFormat(w.ctx, saving))
	}
	w.wantError(limited("b", 1), posthorn.ErrLimit)
	_, err := w.Format(w.ctx, w.workspace.ID, "b")
	w.wantError(err, posthorn.ErrNotFound)
	w.do(limited("a", 1))
	w.do(limited("b", 2))
	w.wantError(limited("c", 2), posthorn.ErrLimit)
	w.do(limited("c", 0))
}

func formatVersionsDropped(w *world) {
	w.save("mine", "1")
	w.save("mine", "2")
	w.now = w.now.Add(posthorn.FormatVersionKept - 2*time.Millisecond)
	w.save("mine", "3")
	w.want("the versions while the second is young", w.keptVersions("mine", 3), []int{1, 2, 3})
	w.now = w.now.Add(posthorn.FormatVersionKept / 2)
	w.save("mine", "4")
	w.want("the versions later", w.keptVersions("mine", 4), []int{2, 3, 4})
	w.saveLater("mine", "5")
	w.want("the versions at the end", w.keptVersions("mine", 5), []int{4, 5})
}

// remembering makes a delivery that remembers a version, with the status.
func (w *world) remembering(webhook posthorn.Webhook, version posthorn.FormatVersion, status posthorn.DeliveryStatus) posthorn.DeliveryID {
	w.t.Helper()
	job := w.leased(webhook)
	r := w.recording(job, posthorn.ReasonTimeout, status)
	r.Format = version
	w.do(w.Record(w.ctx, r))
	return job.Delivery.ID
}

func formatVersionsRemembered(w *world) {
	webhook := w.webhook()
	w.remembering(webhook, w.save("mine", "1").FormatVersion, posthorn.DeliveryPending)
	w.remembering(webhook, w.saveLater("mine", "2").FormatVersion, posthorn.DeliverySucceeded)
	third := w.remembering(webhook, w.saveLater("mine", "3").FormatVersion, posthorn.DeliveryPending)
	other := w.neighbour()
	other.remembering(other.webhook(), w.saveLater("mine", "4").FormatVersion, posthorn.DeliveryPending)
	w.saveLater("mine", "5")
	w.saveLater("mine", "6")
	w.want("the versions", w.keptVersions("mine", 6), []int{1, 3, 5, 6})
	must[posthorn.Delivery](w)(w.Cancel(w.ctx, third, w.now))
	w.saveLater("mine", "7")
	w.want("the versions after a delivery has ended", w.keptVersions("mine", 7), []int{1, 6, 7})
}

func formatAppliesToAll(w *world) {
	w.remembering(w.webhook(), w.save("mine", "1").FormatVersion, posthorn.DeliveryPending)
	saving := w.saving("mine", "2")
	saving.AppliesToAll = true
	saved := must[posthorn.DeclaredFormat](w)(w.SaveFormat(w.ctx, saving))
	w.want("since", saved.Since, 2)
	w.want("the versions", w.keptVersions("mine", 2), []int{2})
	w.want("since, later", w.save("mine", "3").Since, 2)
}

func formatVersionsLimited(w *world) {
	for i := range posthorn.MaxFormatVersions {
		w.save("mine", fmt.Sprint(i))
	}
	before := must[posthorn.DeclaredFormat](w)(w.Format(w.ctx, w.workspace.ID, "mine"))
	version := w.version()
	saving := w.saving("mine", "one more")
	_, err := w.SaveFormat(w.ctx, saving)
	w.wantError(err, posthorn.ErrConflict)
	w.want("the newest", must[posthorn.DeclaredFormat](w)(w.Format(w.ctx, w.workspace.ID, "mine")), before)
	w.want("how many are kept", len(w.keptVersions("mine", 20)), posthorn.MaxFormatVersions)
	w.want("the directory's version", w.version(), version)
	saving.AppliesToAll = true
	must[posthorn.DeclaredFormat](w)(w.SaveFormat(w.ctx, saving))
}

func formatRemembered(w *world) {
	webhook := w.webhook()
	version := posthorn.FormatVersion{Name: "mine", Version: 3}
	id := w.remembering(webhook, version, posthorn.DeliveryPending)
	w.want("what is remembered", w.delivery(id).Format, version)
	w.now = w.now.Add(2 * time.Hour)
	job := w.claim(webhook)[0]
	w.want("what the job remembers", job.Delivery.Format, version)
	w.record(job, posthorn.ReasonTimeout, posthorn.DeliveryExhausted)
	w.want("what is remembered at the end", w.delivery(id).Format, posthorn.FormatVersion{})
	other := w.remembering(webhook, version, posthorn.DeliveryPending)
	w.want("what is remembered after asking", must[posthorn.Delivery](w)(w.Retry(w.ctx, other, w.tick())).Format, posthorn.FormatVersion{})
}

func formatInUse(w *world) {
	w.save("mine", "1")
	other := w.neighbour()
	theirs := other.newWebhook()
	theirs.Format = "mine"
	w.do(w.CreateWebhook(w.ctx, theirs, 0))
	users := func(limit int) store.FormatUsers {
		return must[store.FormatUsers](w)(w.FormatUsers(w.ctx, w.workspace.ID, "mine", limit))
	}
	w.want("the users at first", users(10), store.FormatUsers{})
	var webhooks []posthorn.Webhook
	for range 3 {
		webhook := w.newWebhook()
		webhook.Format = "mine"
		w.do(w.CreateWebhook(w.ctx, webhook, 0))
		webhooks = append(webhooks, webhook)
	}
	w.setStatus(webhooks[1], posthorn.WebhookDeleted)
	must[posthorn.Environment](w)(w.UpdateEnvironment(w.ctx, w.environment.ID, func(e posthorn.Environment) (posthorn.Environment, error) {
		e.DefaultFormat = "mine"
		return e, nil
	}))
	w.want("the users", users(10), store.FormatUsers{Environments: []posthorn.EnvironmentID{w.environment.ID}, Webhooks: []posthorn.Webhook{webhooks[0], webhooks[2]}})
	w.want("the first webhook", users(1).Webhooks, webhooks[:1])
	w.wantError(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"), posthorn.ErrConflict)
	w.setStatus(webhooks[0], posthorn.WebhookDeleted)
	w.setStatus(webhooks[2], posthorn.WebhookDeleted)
	w.wantError(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"), posthorn.ErrConflict)
	w.want("the version that is kept", w.keptVersions("mine", 1), []int{1})
	must[posthorn.Environment](w)(w.UpdateEnvironment(w.ctx, w.environment.ID, func(e posthorn.Environment) (posthorn.Environment, error) {
		e.DefaultFormat = "standard"
		return e, nil
	}))
	w.do(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"))
}

func formatDeleted(w *world) {
	w.save("mine", "1")
	w.save("mine", "2")
	w.save("other", "1")
	w.do(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"))
	w.want("the versions", w.keptVersions("mine", 2), []int(nil))
	w.do(w.DeleteFormat(w.ctx, w.workspace.ID, "other"))
	again := w.save("mine", "1")
	w.want("the version", []int{again.Version, again.Since}, []int{3, 3})
	w.want("the version of the next", w.save("mine", "2").Version, 4)
}

func formatChangesDirectories(w *world) {
	other := w.neighbour()
	second := w.newEnvironment(w.project)
	w.do(w.CreateEnvironment(w.ctx, second, 0))
	versions := func() []store.Version {
		elsewhere := must[store.Snapshot](w)(w.Snapshot(w.ctx, second.ID)).Version
		return []store.Version{w.version(), elsewhere, other.version()}
	}
	before := versions()
	changed := func() {
		w.t.Helper()
		after := versions()
		w.want("which directories have changed", []bool{after[0] != before[0], after[1] != before[1], after[2] != before[2]}, []bool{true, true, false})
		before = after
	}
	w.save("mine", "1")
	changed()
	w.save("mine", "2")
	changed()
	w.do(w.DeleteFormat(w.ctx, w.workspace.ID, "mine"))
	changed()
}

func snapshotHoldsFormats(w *world) {
	w.neighbour().save("standard", "theirs")
	w.save("unused", "1")
	w.save("mine", "1")
	want := w.save("mine", "2")
	want.Document = nil
	webhook := w.newWebhook()
	webhook.Format = "mine"
	w.do(w.CreateWebhook(w.ctx, webhook, 0))
	gone := w.newWebhook()
	gone.Format = "unused"
	w.do(w.CreateWebhook(w.ctx, gone, 0))
	w.setStatus(gone, posthorn.WebhookDeleted)
	w.webhook()
	snapshot := must[store.Snapshot](w)(w.Snapshot(w.ctx, w.environment.ID))
	w.want("the formats", snapshot.Formats, map[string]posthorn.DeclaredFormat{"mine": want})
}
