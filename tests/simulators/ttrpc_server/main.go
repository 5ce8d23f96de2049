// Copyright: (c) 2026, The nfvlab.fleet developers
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// A server of containerd's ttRPC with the names of two services of the Kata agent. It shows that our frames are those
// of another implementation; it is no agent. The messages are stand-ins with the same fields on the wire.
package main

import (
	"context"
	"log"
	"net"
	"os"
	"time"

	"github.com/containerd/ttrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type request = func(interface{}) error

func main() {
	server, err := ttrpc.NewServer()
	if err != nil {
		log.Fatal(err)
	}
	server.Register("grpc.Health", map[string]ttrpc.Method{
		// CheckRequest{1 service string} -> HealthCheckResponse{1 status enum}
		"Check": func(ctx context.Context, decode request) (interface{}, error) {
			var asked wrapperspb.StringValue
			if err := decode(&asked); err != nil {
				return nil, err
			}
			if asked.Value == "nobody" {
				return nil, status.Error(codes.NotFound, "no such service")
			}
			return wrapperspb.Int32(1), nil
		},
	})
	server.Register("grpc.AgentService", map[string]ttrpc.Method{
		// ReseedRandomDevRequest has data in field 2, so the stand-in is AddSwapPathRequest{1 path string}: it echoes.
		"AddSwapPath": func(ctx context.Context, decode request) (interface{}, error) {
			var asked wrapperspb.BytesValue
			if err := decode(&asked); err != nil {
				return nil, err
			}
			return &asked, nil
		},
		// Never answers by itself: it ends with the time that the client gave.
		"GetOOMEvent": func(ctx context.Context, decode request) (interface{}, error) {
			if err := decode(&emptypb.Empty{}); err != nil {
				return nil, err
			}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Minute):
				return nil, status.Error(codes.Internal, "nobody came")
			}
		},
	})
	listener, err := net.Listen("unix", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(server.Serve(context.Background(), listener))
}
