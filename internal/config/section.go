package config

import "github.com/spf13/pflag"

// sectionKey is the annotation of a flag that says under which heading of the help it stands.
const sectionKey = "errata_section"

// The headings under which the help lists flags, after those that are a command's own.
const (
	SectionTime       = "Which time"
	SectionResponses  = "Which responses"
	SectionPrinting   = "Printing"
	SectionKafka      = "Kafka"
	SectionRecords    = "Reading records"
	SectionDelivery   = "Delivery"
	SectionRetention  = "How long rows are kept"
	SectionClickHouse = "ClickHouse"
	SectionLog        = "Log"
	SectionSettings   = "Settings"
)

// Sections lists the headings in the order of the help.
func Sections() []string {
	return []string{
		SectionTime, SectionResponses, SectionPrinting, SectionKafka, SectionRecords, SectionDelivery,
		SectionRetention, SectionClickHouse, SectionLog, SectionSettings,
	}
}

// Section is the heading of the help under which a flag stands; "" = among the command's own.
func Section(f *pflag.Flag) string {
	if heading := f.Annotations[sectionKey]; len(heading) == 1 {
		return heading[0]
	}
	return ""
}

// InSection adds the flags that register makes, in its order, under a heading of the help.
func InSection(fs *pflag.FlagSet, heading string, register func(*pflag.FlagSet)) {
	section := pflag.NewFlagSet(heading, pflag.ContinueOnError)
	section.SortFlags = false
	register(section)
	section.VisitAll(func(f *pflag.Flag) {
		f.Annotations = map[string][]string{sectionKey: {heading}}
		fs.AddFlag(f)
	})
}
