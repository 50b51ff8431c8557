// Package forgetful shows an imagined disk to other programs, as a file system of
// the Linux kernel (FUSE), so that they run on it without knowing.
package forgetful
