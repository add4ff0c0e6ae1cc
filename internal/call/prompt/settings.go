package prompt

import "time"

// Settings bound what a Library keeps on disk.
type Settings struct {
	// DiskMiB is 0 if nothing is kept on disk.
	DiskMiB int           `key:"disk_mib" default:"256" min:"16" max:"65536" zero:"nothing is kept" doc:"How much of the disk the sounds may take up, in MiB; those go first that were unused longest. 0 keeps none. A running Core keeps the value that it was started with."`
	Age     time.Duration `key:"age" default:"7d" min:"1h" max:"90d" doc:"How long a sound is kept on disk after it was made, or its host said that it has not changed. A running Core keeps the value that it was started with."`
}

// Folder is where the sounds are, within the server's data.
const Folder = "prompts"
