package cli

import (
	"io"
	"os"
	"strings"

	"github.com/muesli/cancelreader"
	"golang.org/x/term"

	"github.com/switchhook/switchhook/internal/fault"
	"github.com/switchhook/switchhook/internal/tool/telephone"
)

// person is who sits at the terminal. What is written there gets the line ends
// that a terminal needs that reads key by key.
type person struct {
	screen   *os.File
	commands chan telephone.Command
	leave    func()
}

// listen reads the keys of a terminal as they are pressed.
func listen(in, screen *os.File) (*person, error) {
	unavailable := func(err error) error {
		return &fault.Error{Code: fault.Unavailable, Message: "the terminal cannot be read", Err: err}
	}
	reader, err := cancelreader.NewReader(in)
	if err != nil {
		return nil, unavailable(err)
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return nil, unavailable(err)
	}
	p := &person{screen: screen, commands: make(chan telephone.Command)}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		p.read(reader, quit)
	}()
	p.leave = func() {
		close(quit)
		if reader.Cancel() {
			<-ended
		}
		_ = reader.Close()
		_ = term.Restore(int(in.Fd()), before)
	}
	return p, nil
}

// interrupt is what Ctrl-C types where no signal is made of it.
const interrupt = 3

func (p *person) read(in io.Reader, quit <-chan struct{}) {
	one := make([]byte, 1)
	for {
		if _, err := in.Read(one); err != nil {
			return
		}
		var c telephone.Command
		switch key := one[0]; {
		case strings.IndexByte("0123456789*#ABCD", key) >= 0:
			c = telephone.Command{Do: telephone.Press, Keys: string(key)}
		case key == 'p':
			c = telephone.Command{Do: telephone.Hold}
		case key == 'h', key == 'q', key == interrupt:
			c = telephone.Command{Do: telephone.Hangup}
		default:
			continue
		}
		select {
		case p.commands <- c:
		case <-quit:
			return
		}
	}
}

// Write writes to the terminal.
func (p *person) Write(b []byte) (int, error) {
	if _, err := p.screen.WriteString(strings.ReplaceAll(string(b), "\n", "\r\n")); err != nil {
		return 0, err
	}
	return len(b), nil
}
