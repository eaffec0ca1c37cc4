package postgres

// What the sessions of the engine's own connections and of its readers' are set to.
var (
	ForEngine  = forEngine
	ForReaders = forReaders
)
