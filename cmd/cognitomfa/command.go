package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
)

// The exit statuses.
const (
	exitFine     = 0 // nothing to say, or done
	exitFound    = 1 // something was found, or refused
	exitUsage    = 2 // the command line or the input is wrong
	exitNoAnswer = 3 // it could not look, or not to the end
)

// command is one of the program's commands.
type command struct {
	name     string
	operand  string // what the command takes beside flags, such as "USER"
	optional bool   // whether the operand may be left out
	summary  string
	text     string // what -h explains between the usage and the flags
	examples string
	flags    *flag.FlagSet
	run      func(ctx context.Context, c *console, operand string) error
}

// newCommand returns a command to which flags can be added.
func newCommand(name string) *command {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return &command{name: name, flags: f}
}

// commands are the program's commands, in the order in which they are listed.
func commands() []*command {
	return []*command{
		newDoctor(), newStatus(), newReset(), newReport(), newEnroll(), newSignIn(),
	}
}

const overview = `Usage: cognitomfa COMMAND [flags]

Looks at an Amazon Cognito user pool and helps its support desk.

Commands:
`

const overviewEnd = `
"cognitomfa COMMAND -h" explains a command, and "cognitomfa -version" prints the version.

The exit status is 0 if all is well, 1 if something was found, 2 if the command line is wrong, and
3 if the program could not look.
`

// run runs the program and returns its exit status.
func run(ctx context.Context, args []string, c *console) int {
	all := commands()
	name := ""
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case "-h", "-help", "--help", "help":
		if len(args) == 0 {
			writeOverview(c.out, all)
			return exitFine
		}
		name, args = args[0], []string{"-h"}
	case "-version", "--version":
		_, _ = fmt.Fprintln(c.out, "cognitomfa", version())
		return exitFine
	case "":
		writeOverview(c.err, all)
		return exitUsage
	}
	for _, cmd := range all {
		if cmd.name == name {
			return cmd.start(ctx, c, args)
		}
	}
	return c.fail("", usagef(`there is no command %s; "cognitomfa -h" lists them`, shown(name)))
}

func writeOverview(w io.Writer, all []*command) {
	var b strings.Builder
	b.WriteString(overview)
	for _, cmd := range all {
		fmt.Fprintf(&b, "  %-9s %s\n", cmd.name, cmd.summary)
	}
	b.WriteString(overviewEnd)
	_, _ = io.WriteString(w, b.String())
}

// start parses the command's flags and runs it.
func (cmd *command) start(ctx context.Context, c *console, args []string) int {
	operands, err := cmd.parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(c.out, cmd.help())
		return exitFine
	case err != nil:
		return c.fail(cmd.name, usageError(err.Error()))
	case len(operands) > 1 || len(operands) == 1 && cmd.operand == "":
		return c.fail(
			cmd.name,
			usagef("there is one argument too many: %s", shown(operands[len(operands)-1])),
		)
	case len(operands) == 0 && cmd.operand != "" && !cmd.optional:
		return c.fail(cmd.name, usagef("%s is missing", cmd.operand))
	}
	operand := strings.Join(operands, "")
	if len(operands) == 1 && operand == "" {
		return c.fail(cmd.name, usagef("%s is empty", cmd.operand))
	}
	if err := cmd.run(ctx, c, operand); err != nil {
		return c.fail(cmd.name, err)
	}
	return exitFine
}

// parse reads flags before and after the operands; after "--" all are operands.
func (cmd *command) parse(args []string) (operands []string, err error) {
	for len(args) > 0 {
		if err := cmd.flags.Parse(args); err != nil {
			return nil, err
		}
		rest := cmd.flags.Args()
		if len(rest) == 0 {
			break
		}
		if read := len(args) - len(rest); read > 0 && args[read-1] == "--" {
			return append(operands, rest...), nil
		}
		operands, args = append(operands, rest[0]), rest[1:]
	}
	return operands, nil
}

// help is what -h prints.
func (cmd *command) help() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Usage: cognitomfa %s", cmd.name)
	switch {
	case cmd.optional:
		fmt.Fprintf(&b, " [%s]", cmd.operand)
	case cmd.operand != "":
		fmt.Fprintf(&b, " %s", cmd.operand)
	}
	fmt.Fprintf(&b, " [flags]\n\n%s\nFlags:\n", cmd.text)
	cmd.flags.SetOutput(&b)
	cmd.flags.PrintDefaults()
	fmt.Fprintf(&b, "\nExamples:\n%s", cmd.examples)
	return b.String()
}

// version is the version that this program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	text := info.Main.Version
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && !strings.Contains(text, s.Value[:min(12, len(s.Value))]):
			text += " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true" && !strings.Contains(text, "dirty"):
			text += " (modified)"
		}
	}
	return strings.TrimSpace(text) + " " + info.GoVersion
}
