// Package meeting proves that many are asked at once.
package meeting

import "sync"

const enough = 1000

var meeting = struct {
	sync.Mutex
	count int
	all   chan struct{}
}{all: make(chan struct{})}

// Meet waits until a thousand do.
func Meet() {
	meeting.Lock()
	all := meeting.all
	meeting.count++
	if meeting.count%enough == 0 {
		close(all)
		meeting.all = make(chan struct{})
	}
	meeting.Unlock()
	<-all
}

// Ask asks as many at once. It returns what they were answered, in order.
func Ask(ask func(at int) string) []string {
	said := make([]string, enough)
	var all sync.WaitGroup
	for at := range said {
		all.Go(func() { said[at] = ask(at) })
	}
	all.Wait()
	return said
}
