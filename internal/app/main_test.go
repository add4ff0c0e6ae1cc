package app_test

import (
	"os"
	"testing"

	"github.com/switchhook/switchhook/internal/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }
