//go:build race

package hostile

// isRaceDetected reports whether the race detector is built in.
const isRaceDetected = true
