package postgres

// What the sessions of the engine's own connections and of its readers' are set to.
var (
	ForEngine  = forEngine
	ForReaders = forReaders
)

// Queued is how many appends wait for the next batch.
func Queued(e *Engine) int { return e.sequencer.queue.length() }
