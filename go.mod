module github.com/switchhook/switchhook

go 1.26

require (
	code.dny.dev/ssrf v0.3.0
	github.com/coder/websocket v1.8.15 // indirect
	github.com/google/go-cmp v0.7.0
)
