package localpg

// mayHaveGuard says whether killed members' server is stopped by itself.
const mayHaveGuard = false
