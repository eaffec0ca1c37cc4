package localpg

// newGuard makes none: Windows has no FIFOs. A killed program leaves its server to the next Start.
func (c *cluster) newGuard() *guard { return nil }

// joinGuard finds none.
func (c *cluster) joinGuard(string) *guard { return nil }
