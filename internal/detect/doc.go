// Package detect looks at one captured request. [Infer] finds the format that
// makes such requests, [Diagnose] says whether a signature is right and, if not,
// why. Both search: they know no format by its name, only those they are given.
//
// Nothing that they return shows a secret.
package detect
