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

const (
	exitOK         = 0
	exitFound      = 1 // something was found, or Cognito refused
	exitUsage      = 2 // the command line or the input is wrong
	exitIncomplete = 3 // the command could not start or finish its work
)

// command is one of the program's commands.
type command struct {
	name     string
	operand  string // the argument besides flags, such as "USER"
	optional bool   // the operand may be left out
	summary  string
	text     string // printed by -h between the usage line and the flags
	examples string
	flags    *flag.FlagSet
	run      func(ctx context.Context, c *console, operand string) error
}

// newCommand returns a command without flags.
func newCommand(name string) *command {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	return &command{name: name, flags: f}
}

// commands returns the program's commands, in the order of the overview.
func commands() []*command {
	return []*command{
		newDoctor(), newStatus(), newReset(), newReport(), newEnroll(), newSignIn(),
	}
}

const overview = `Usage: cognitomfa COMMAND [flags]

Checks an Amazon Cognito user pool and helps its support desk.

Commands:
`

const overviewEnd = `
Run "cognitomfa COMMAND -h" for the details of a command, "cognitomfa -version" for the version.

The exit status is 0 if all is well, 1 if something was found, 2 if the command line is wrong, and
3 if the command could not finish.
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
			return exitOK
		}
		name, args = args[0], []string{"-h"}
	case "-version", "--version":
		_, _ = fmt.Fprintln(c.out, "cognitomfa", version())
		return exitOK
	case "":
		writeOverview(c.err, all)
		return exitUsage
	}
	for _, cmd := range all {
		if cmd.name == name {
			return cmd.start(ctx, c, args)
		}
	}
	return c.fail("", usagef(`unknown command %s; "cognitomfa -h" lists the commands`, shown(name)))
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
		return exitOK
	case err != nil:
		return c.fail(cmd.name, usageError(err.Error()))
	case len(operands) > 1 || len(operands) == 1 && cmd.operand == "":
		return c.fail(cmd.name, usagef("unexpected argument: %s", shown(operands[len(operands)-1])))
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
	return exitOK
}

// parse accepts flags before and after the operands; everything after "--" is an operand.
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

// help returns what -h prints.
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

// version returns the version this program was built from, and that of Go.
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
