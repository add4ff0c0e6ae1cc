package cli

import (
	"encoding/xml"
	"fmt"
	"io"
)

// The elements of JUnit's XML that CI systems read.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	ClassName string        `xml:"classname,attr"`
	Seconds   string        `xml:"time,attr"`
	Failure   *junitMessage `xml:"failure"`
	Error     *junitMessage `xml:"error"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(path string, verdicts []verdict) error {
	suite := junitSuite{Name: "switchhook", Tests: len(verdicts)}
	for _, v := range verdicts {
		one := junitCase{Name: v.file, ClassName: "switchhook.call", Seconds: fmt.Sprintf("%.3f", v.took.Seconds())}
		switch {
		case v.err != nil:
			suite.Errors++
			one.Error = &junitMessage{Message: v.err.Error()}
		case v.diff != "":
			suite.Failures++
			one.Failure = &junitMessage{Message: "the call went differently", Text: v.diff}
		}
		suite.Cases = append(suite.Cases, one)
	}
	return writeFile(path, func(w io.Writer) error {
		if _, err := io.WriteString(w, xml.Header); err != nil {
			return err
		}
		encoder := xml.NewEncoder(w)
		encoder.Indent("", "  ")
		if err := encoder.Encode(suite); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	})
}
