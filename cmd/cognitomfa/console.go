package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"time"

	"golang.org/x/term"
)

// console is the standard input and output of a command. Results go to out; questions, progress and
// errors go to err.
type console struct {
	in       *os.File
	lines    *bufio.Reader // reads from in
	out, err io.Writer

	inIsTerminal, outIsTerminal, errIsTerminal bool

	colored bool // out is a terminal, and colors are wanted
}

func newConsole(in, out, err *os.File) *console {
	isTerminal := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	c := &console{
		in:    in,
		lines: bufio.NewReader(in),
		out:   out,
		err:   err,

		inIsTerminal:  isTerminal(in),
		outIsTerminal: isTerminal(out),
		errIsTerminal: isTerminal(err),
	}
	c.colored = c.outIsTerminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return c
}

// note prints a line for the person at the terminal.
func (c *console) note(text string) { _, _ = fmt.Fprintln(c.err, text) }

// fact is one line of a result.
type fact struct{ name, value string }

// print prints facts, one per line.
func (c *console) print(facts ...fact) error {
	var b strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&b, "%-10s %s\n", f.name+":", f.value)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

// maxLine limits the length of an input line, in bytes.
const maxLine = 64 << 10

// ask reads the answer to a question. On a terminal it prints the question; otherwise it takes the
// next line of the standard input.
func (c *console) ask(ctx context.Context, what string) (string, error) {
	text, err := c.await(ctx, what, start(c.line))
	if c.inIsTerminal && err != nil {
		c.note("") // The person did not press Enter.
	}
	return text, err
}

// askSecret is ask without echo.
func (c *console) askSecret(ctx context.Context, what string) (string, error) {
	if !c.inIsTerminal {
		return c.ask(ctx, what)
	}
	fd := int(c.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("the terminal cannot hide what is typed: %w", err)
	}
	answers := start(func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	// The question appears after ReadPassword has turned off the echo, so nothing that is typed in
	// response is shown. On a terminal that has no echo nothing changes: wait no longer than 100 ms.
	for range 100 {
		now, err := term.GetState(fd)
		if err != nil || !reflect.DeepEqual(now, before) || len(answers) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	text, err := c.await(ctx, what, answers)
	if ctx.Err() != nil {
		_ = term.Restore(fd, before) // ReadPassword is still waiting and cannot do it.
	}
	c.note("")
	return text, err
}

type answer struct {
	text string
	err  error
}

// start reads in the background, so the caller can also wait for Ctrl-C.
func start(read func() (string, error)) chan answer {
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	return answers
}

// await prints the question on a terminal and waits for the answer.
func (c *console) await(ctx context.Context, what string, answers <-chan answer) (string, error) {
	if c.inIsTerminal {
		_, _ = fmt.Fprint(c.err, what+": ")
	}
	select {
	case <-ctx.Done():
		return "", errStopped
	case a := <-answers:
		if errors.Is(a.err, io.EOF) {
			return "", usagef("unexpected end of input, expected: %s", what)
		}
		return a.text, a.err
	}
}

// line reads a line of the standard input, without the line ending.
func (c *console) line() (string, error) {
	var b strings.Builder
	for {
		part, err := c.lines.ReadSlice('\n')
		b.Write(part)
		text := b.String()
		switch {
		case len(text) > maxLine:
			return "", usageError("an input line is too long")
		case err == nil, errors.Is(err, io.EOF) && text != "":
			return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// confirm asks a yes-or-no question. The input must be a terminal.
func (c *console) confirm(ctx context.Context, question string) (bool, error) {
	answer, err := c.ask(ctx, question+" [y/N]")
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}
