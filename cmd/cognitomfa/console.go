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

// console is the terminal, or the files and pipes, that a command talks through. What it finds goes
// to out; questions, progress and errors go to err.
type console struct {
	in       *os.File
	lines    *bufio.Reader // of in
	out, err io.Writer
	// asks, draws and shows tell whether in, out and err are terminals; paints, whether colors are
	// wanted.
	asks, draws, shows, paints bool
}

func newConsole(in, out, err *os.File) *console {
	is := func(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }
	c := &console{
		in:    in,
		lines: bufio.NewReader(in),
		out:   out,
		err:   err,
		asks:  is(in),
		draws: is(out),
		shows: is(err),
	}
	c.paints = c.draws && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	return c
}

// note prints a line for the person at the terminal.
func (c *console) note(text string) { _, _ = fmt.Fprintln(c.err, text) }

// fact is something that a command has found or done.
type fact struct{ name, value string }

// print prints facts, one a line.
func (c *console) print(facts ...fact) error {
	var b strings.Builder
	for _, f := range facts {
		fmt.Fprintf(&b, "%-10s %s\n", f.name+":", f.value)
	}
	_, err := io.WriteString(c.out, b.String())
	return err
}

// maxLine is the longest line that is read, in bytes.
const maxLine = 64 << 10

// ask reads a line. On a terminal it asks for what; else each line of the standard input is the
// answer to one question.
func (c *console) ask(ctx context.Context, what string) (string, error) {
	text, err := c.await(ctx, what, start(c.line))
	if c.asks && err != nil {
		c.note("") // No line end was typed.
	}
	return text, err
}

// askSecret is ask for what must not be seen: a terminal does not show it.
func (c *console) askSecret(ctx context.Context, what string) (string, error) {
	if !c.asks {
		return c.ask(ctx, what)
	}
	fd := int(c.in.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("the terminal cannot be set up to hide what is typed: %w", err)
	}
	answers := start(func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	// What is typed after the question is hidden, so the question waits until ReadPassword has come
	// to that.
	for range 100 {
		now, err := term.GetState(fd)
		if err != nil || !reflect.DeepEqual(now, before) || len(answers) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	text, err := c.await(ctx, what, answers)
	if ctx.Err() != nil {
		_ = term.Restore(fd, before) // The goroutine that reads has not come to it.
	}
	c.note("")
	return text, err
}

// answer is what was read.
type answer struct {
	text string
	err  error
}

// start reads while the program waits for the answer or for Ctrl-C.
func start(read func() (string, error)) chan answer {
	answers := make(chan answer, 1)
	go func() {
		text, err := read()
		answers <- answer{text, err}
	}()
	return answers
}

// await prints the question, if there is a terminal to ask, and waits for the answer.
func (c *console) await(ctx context.Context, what string, answers <-chan answer) (string, error) {
	if c.asks {
		_, _ = fmt.Fprint(c.err, what+": ")
	}
	select {
	case <-ctx.Done():
		return "", errStopped
	case a := <-answers:
		if errors.Is(a.err, io.EOF) {
			return "", usagef("the input ended where this was expected: %s", what)
		}
		return a.text, a.err
	}
}

// line reads a line of the standard input, without its end.
func (c *console) line() (string, error) {
	var b strings.Builder
	for {
		part, err := c.lines.ReadSlice('\n')
		b.Write(part)
		text := b.String()
		switch {
		case len(text) > maxLine:
			return "", usageError("a line of the input is too long")
		case err == nil, errors.Is(err, io.EOF) && text != "":
			return strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		}
	}
}

// confirm asks a question that is answered with yes or no. It must be a terminal that is asked.
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
