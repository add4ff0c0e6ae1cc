package store

import (
	"strings"

	"github.com/switchhook/switchhook/internal/fault/state"
)

// JobState says where a job is.
type JobState string

// The states of a job.
const (
	JobWaiting JobState = "waiting" // for its time, or for a worker that is free
	JobRunning JobState = "running" // a worker has it until its patience is over
	JobWanted  JobState = "wanted"  // the same, and it is to be worked once more afterwards
)

// The steps of a job.
const (
	jobSchedule state.Step = "schedule"
	jobHasten   state.Step = "hasten"
	jobWant     state.Step = "want"
	jobClaim    state.Step = "claim"
	jobEnd      state.Step = "end"
	jobRepeat   state.Step = "repeat"
	jobFail     state.Step = "fail"
	jobLeave    state.Step = "leave"
	jobTake     state.Step = "take"
)

var heldJob = []JobState{JobRunning, JobWanted}

// JobSteps is the state machine of a job.
var JobSteps = state.Transitions[JobState]{
	{Step: jobSchedule, When: "something is to be done, at once or later", To: []JobState{JobWaiting}},
	{Step: jobHasten, When: "it is scheduled again, maybe for an earlier time", From: []JobState{JobWaiting}, To: []JobState{JobWaiting}},
	{Step: jobWant, When: "it is scheduled again while it runs", From: heldJob, To: []JobState{JobWanted}},
	{
		Step: jobClaim, When: "it is due, or the time is up of the worker that has it; what was wanted is done with it",
		From: []JobState{JobWaiting, JobRunning, JobWanted}, To: []JobState{JobRunning},
	},
	{Step: jobEnd, When: "it is done", From: []JobState{JobRunning}},
	{Step: jobRepeat, When: "it is done and wanted again, by itself or by somebody else", From: heldJob, To: []JobState{JobWaiting}},
	{Step: jobFail, When: "it failed, and is tried again after a pause", From: heldJob, To: []JobState{JobWaiting}},
	{Step: jobLeave, When: "its server is being stopped", From: heldJob, To: []JobState{JobWaiting}},
	{Step: jobTake, When: "a server starts with SQLite: whoever had it is dead", From: heldJob, To: []JobState{JobWaiting}},
}

// jobIs is when the row of a job is in a state.
var jobIs = map[JobState]string{
	JobWaiting: "jobs.worker = ''",
	JobRunning: "jobs.worker <> '' AND jobs.again = 0",
	JobWanted:  "jobs.worker <> '' AND jobs.again > 0",
}

// jobSQL returns a statement in which (from) stands for the condition that a job
// is in one of the states that a step leads from.
func jobSQL(step state.Step, statement string) string {
	var conditions []string
	for _, from := range JobSteps.Of(step).From {
		conditions = append(conditions, jobIs[from])
	}
	return strings.ReplaceAll(statement, "(from)", "("+strings.Join(conditions, " OR ")+")")
}
