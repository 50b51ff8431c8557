package hostile

// broken are the behaviours that don't speak HTTP.
func broken() []Behaviour {
	return []Behaviour{
		{Name: "banner", Summary: "greets like an SSH server", reads: nothing, act: saysAndStays("SSH-2.0-OpenSSH_9.6\r\n")},
		{Name: "no-status", Summary: "answers with a bare page, as HTTP/0.9 did", act: says("<html>hello</html>\n")},
		{Name: "garbage", Summary: "answers with control characters and no line end", act: says("\x00\x01\x02\xff\xfe\x1b[2J\x00")},
		{Name: "tls-on-plain", Summary: "answers a request without TLS with a TLS alert", act: says("\x15\x03\x01\x00\x02\x02\x0a")},
		{Name: "switch-protocols", Summary: "answers 101 and speaks something else", act: saysAndStays("HTTP/1.1 101 Switching Protocols\r\nUpgrade: chaos\r\nConnection: Upgrade\r\n\r\n\x00\x01")},
		{Name: "cut-headers", Summary: "closes the connection in the middle of its headers", act: says("HTTP/1.1 200 OK\r\nContent-Type: text/pl")},
		{Name: "bad-header", Summary: "answers 200 with a line that is no header", act: says("HTTP/1.1 200 OK\r\nthis is no header\r\n\r\n")},
		{Name: "bad-version", Summary: "answers in HTTP/7.3", act: says("HTTP/7.3 200 OK\r\nContent-Length: 0\r\n\r\n")},
	}
}

// Smuggled is the status of the answer that long-body adds behind its own;
// nobody may take it for the answer to a later request.
const Smuggled = 418

// lengths are the behaviours that lie about where their body ends.
func lengths() []Behaviour {
	const begin = "HTTP/1.1 200 OK\r\n"
	const chunked = begin + "Transfer-Encoding: chunked\r\n\r\n"
	return []Behaviour{
		{Name: "bad-chunk", Summary: "answers 200 with a chunk whose size is no number", act: says(chunked + "zz\r\nok\r\n0\r\n\r\n")},
		{Name: "huge-chunk", Summary: "answers 200 with a chunk larger than any number", act: says(chunked + "ffffffffffffffffff\r\nok\r\n0\r\n\r\n")},
		{Name: "cut-chunk", Summary: "answers 200 and closes the connection within a chunk", act: says(chunked + "3e8\r\nnot yet a thousand")},
		{Name: "short-body", Summary: "announces more of a body than it sends", act: says(begin + "Content-Length: 1000\r\n\r\nnot yet a thousand")},
		{Name: "long-body", Summary: "sends more than it announced: a second answer, with the status 418", act: saysAndStays(okAnswer + "HTTP/1.1 418 Smuggled\r\nContent-Length: 0\r\n\r\n")},
		{Name: "negative-length", Summary: "answers 200 with a negative Content-Length", act: says(begin + "Content-Length: -5\r\n\r\nhello")},
		{Name: "no-number-length", Summary: "answers 200 with a Content-Length that is no number", act: says(begin + "Content-Length: five\r\n\r\nhello")},
		{Name: "two-lengths", Summary: "answers 200 with two different Content-Lengths", act: says(begin + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!")},
		{Name: "length-and-chunks", Summary: "answers 200 with a Content-Length and in chunks", act: says(begin + "Content-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")},
	}
}
