package webhooks

import "sync"

// lanes runs deliveries: at most width at once for each hook, so that one slow
// receiver holds up nobody else, and one after the other for each call of a
// hook, so that its events arrive in order. Deliveries that wait cost memory
// only; how many can wait is bounded by the broker's prefetch window.
type lanes struct {
	width   int
	mu      sync.Mutex
	hooks   map[hookKey]*hookLanes
	running sync.WaitGroup
}

// hookLanes are one hook's deliveries. It is there only while it has any.
type hookLanes struct {
	busy    int                 // calls being served
	waiting map[string][]func() // by call, the running job excluded; present = queued or served
	ready   []string            // calls that wait for a place, in order of arrival
}

func newLanes(width int) *lanes {
	return &lanes{width: width, hooks: map[hookKey]*hookLanes{}}
}

// add queues a job of hook; jobs with the same call keep their order.
func (l *lanes) add(key hookKey, call string, job func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	hook := l.hooks[key]
	if hook == nil {
		hook = &hookLanes{waiting: map[string][]func(){}}
		l.hooks[key] = hook
	}
	jobs, queued := hook.waiting[call]
	hook.waiting[call] = append(jobs, job)
	switch {
	case queued:
	case hook.busy < l.width:
		hook.busy++
		l.running.Add(1)
		go l.serve(key, hook, call)
	default:
		hook.ready = append(hook.ready, call)
	}
}

// serve runs one job after the other until the hook has none for it.
func (l *lanes) serve(key hookKey, hook *hookLanes, call string) {
	defer l.running.Done()
	for ok := true; ok; call, ok = l.next(key, hook, call) {
		l.take(hook, call)()
	}
}

func (l *lanes) take(hook *hookLanes, call string) func() {
	l.mu.Lock()
	defer l.mu.Unlock()
	jobs := hook.waiting[call]
	job := jobs[0]
	jobs[0] = nil // a long queue must not keep finished events alive
	hook.waiting[call] = jobs[1:]
	return job
}

// next chooses the call to serve after one job of call is done: the first that
// waits, so that a busy call cannot starve the others.
func (l *lanes) next(key hookKey, hook *hookLanes, call string) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(hook.waiting[call]) > 0 {
		hook.ready = append(hook.ready, call)
	} else {
		delete(hook.waiting, call)
	}
	if len(hook.ready) > 0 {
		call, hook.ready = hook.ready[0], hook.ready[1:]
		return call, true
	}
	hook.busy--
	if hook.busy == 0 {
		delete(l.hooks, key)
	}
	return "", false
}

// wait returns when every job has run.
func (l *lanes) wait() { l.running.Wait() }
