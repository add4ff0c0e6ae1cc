package recording

import "time"

// Settings bound the recordings that a server keeps.
type Settings struct {
	Keep    time.Duration `key:"keep" default:"30d" min:"1h" max:"3650d" doc:"How long a recording is kept after it was made."`
	DiskMiB int           `key:"disk_mib" default:"10240" min:"64" max:"16777216" doc:"How much of the disk the recordings may take up, in MiB; a minute takes one. Once they do, nothing more is recorded until some have gone: none goes before its time. The last GiB of the disk is left free in any case."`
}

// Limits returns what a Folder keeps by the settings.
func (s *Settings) Limits() Limits {
	return Limits{Keep: s.Keep, Bytes: int64(s.DiskMiB) << 20}
}

// FolderName is the name of the folder with the recordings, within the server's data.
const FolderName = "recordings"
